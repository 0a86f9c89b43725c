// Socket options that Bun has no call for, set through the C library. Linux only, and only ever an improvement: where
// one cannot be set, the socket works as it was.

/** From Linux's socket.h and in.h; the same on every architecture that Bun runs on. */
const IPPROTO_IP = 0;
const SOL_SOCKET = 1;
const IP_RECVERR = 11;
const SO_RCVBUF = 8;

/** Holds the acknowledgements of 1,000 members that answer at once; the default of 208 KiB does not. */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** The C library goes by one of these names, on glibc and on musl. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Sets an option of type int; 0 is success, as in setsockopt(2). */
export type SetOption = (fd: number, level: number, option: number, value: number) => number;

/** setsockopt of the C library; `undefined` on another system, or where it cannot be loaded. */
export const loadSetOption = async (
  platform: string = process.platform,
  libraries: readonly string[] = LIBRARIES,
): Promise<SetOption | undefined> => {
  if (platform !== "linux") return undefined;
  let ffi: typeof import("bun:ffi");
  try {
    ffi = await import("bun:ffi"); // switched off with --no-addons, or missing in a build of Bun
  } catch {
    return undefined;
  }
  for (const name of libraries) {
    try {
      const library = ffi.dlopen(name, {
        setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
      });
      return (fd, level, option, value) => {
        const int = new Int32Array([value]);
        return library.symbols.setsockopt(fd, level, option, ffi.ptr(int), int.byteLength);
      };
    } catch {
      // not this one; the next
    }
  }
  return undefined;
};

/** What could be set. */
export interface Tuned {
  /** ICMP answers to one peer's datagrams no longer fail the datagrams to others. */
  readonly errorsOff: boolean;
  /** The receive buffer was enlarged, as far as the system allows (net.core.rmem_max). */
  readonly bufferEnlarged: boolean;
}

/** Never throws, and never leaves the socket worse than it was. */
export const tuneSocket = (fd: number | undefined, setOption: SetOption | undefined): Tuned => {
  if (fd === undefined || fd < 0 || setOption === undefined) {
    return { errorsOff: false, bufferEnlarged: false };
  }
  return {
    errorsOff: setOption(fd, IPPROTO_IP, IP_RECVERR, 0) === 0,
    bufferEnlarged: setOption(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES) === 0,
  };
};

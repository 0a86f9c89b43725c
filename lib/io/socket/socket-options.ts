// Socket options that Bun has no call for, set through the C library. Linux only, and only ever an improvement: where
// one cannot be set, the socket works as it was.

/** From Linux's socket.h, in.h and udp.h; the same on every architecture that Bun runs on. */
const IPPROTO_IP = 0;
const SOL_SOCKET = 1;
const IPPROTO_UDP = 17;
const IP_MTU_DISCOVER = 10;
const IP_RECVERR = 11;
const SO_RCVBUF = 8;
const UDP_SEGMENT = 103;

/** Never in fragments, whatever the system believes of the path (ip(7)): the transport finds out for itself. */
const IP_PMTUDISC_PROBE = 3;

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
      const int = new Int32Array(1);
      const pointer = ffi.ptr(int);
      return (fd, level, option, value) => {
        int[0] = value;
        return library.symbols.setsockopt(fd, level, option, pointer, int.byteLength);
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
  /** What is too long for the path is dropped, not sent in fragments: whoever tries longer datagrams learns of it. */
  readonly unfragmented: boolean;
  /** Cuts what is longer than so many bytes into datagrams of that size; 0: nothing is cut. Undefined: cannot be had. */
  readonly setCut: ((bytes: number) => boolean) | undefined;
}

const UNTUNED: Tuned = {
  errorsOff: false,
  bufferEnlarged: false,
  unfragmented: false,
  setCut: undefined,
};

/** Never throws, and never leaves the socket worse than it was. */
export const tuneSocket = (fd: number | undefined, setOption: SetOption | undefined): Tuned => {
  if (fd === undefined || fd < 0 || setOption === undefined) return UNTUNED;
  const set = (level: number, option: number, value: number): boolean =>
    setOption(fd, level, option, value) === 0;
  const setCut = (bytes: number): boolean => set(IPPROTO_UDP, UDP_SEGMENT, bytes);
  return {
    errorsOff: set(IPPROTO_IP, IP_RECVERR, 0),
    bufferEnlarged: set(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES),
    unfragmented: set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE),
    setCut: setCut(0) ? setCut : undefined,
  };
};

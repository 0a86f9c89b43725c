// The one place that opens a UDP socket: bound to every IPv4 address of this machine, it hands in what arrives and
// sends what it can.

import type { Address, Datagram } from "../../transport/address.ts";
import { Sender } from "./sender.ts";
import { loadSetOption, tuneSocket } from "./socket-options.ts";
import type { SetOption, Tuned } from "./socket-options.ts";

export interface UdpSocket {
  readonly port: number;
  /** Which options could be set. Nobody need wait for it: the socket works from the start. */
  readonly tuned: Promise<Tuned>;
  /** Whether what is too long for a path is dropped by now, and does not arrive in fragments. */
  readonly unfragmented: () => boolean;
  /** Hands them to the kernel, in order; what finds no room waits for it. Never throws. */
  send(datagrams: readonly Datagram[]): void;
  close(): void;
}

export interface UdpSocketOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly hostname?: string;
  /** Called for each datagram; the bytes are the receiver's own. */
  readonly onDatagram: (from: Address, bytes: Uint8Array) => void;
  /** Where the socket options come from; the system's C library if not given. */
  readonly loadSetOption?: () => Promise<SetOption | undefined>;
}

export type OpenedSocket =
  | { readonly ok: true; readonly socket: UdpSocket }
  | { readonly ok: false; readonly reason: string };

/** One line about why a port could not be had. */
const bindReason = (port: number, error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is already in use`;
    case "EACCES":
    case "EPERM":
      return `Port ${port} cannot be opened: permission denied`;
    case "EADDRNOTAVAIL":
      return `Port ${port} cannot be opened: the address is not one of this machine`;
    case "EMFILE":
    case "ENFILE":
      return `Port ${port} cannot be opened: too many open files`;
    default:
      return `Port ${port} cannot be opened: ${String(code ?? message ?? "unknown reason")}`;
  }
};

/** Binds. A port that cannot be had is a reason in one line, never a throw. */
export const openUdpSocket = async (options: UdpSocketOptions): Promise<OpenedSocket> => {
  const { port, hostname = "0.0.0.0", onDatagram } = options;
  let sender: Sender | undefined;
  let raw: Bun.udp.Socket<"uint8array">;
  try {
    raw = await Bun.udpSocket({
      hostname,
      port,
      binaryType: "uint8array",
      socket: {
        data(_socket, bytes, fromPort, fromHost, flags) {
          if (!flags.truncated) onDatagram({ host: fromHost, port: fromPort }, bytes);
        },
        drain() {
          sender?.drain();
        },
        // ICMP answers from peers that are gone. Without a handler one of them could end the process.
        error() {},
      },
    });
  } catch (error) {
    return { ok: false, reason: bindReason(port, error) };
  }
  const opened = new Sender(raw);
  sender = opened;
  // The file descriptor is there, but not in the types.
  const { fd } = raw as { fd?: number };
  const load = options.loadSetOption ?? loadSetOption;
  let unfragmented = false;
  const tuned = load().then((setOption) => {
    const done = tuneSocket(raw.closed ? undefined : fd, setOption);
    if (done.setCut !== undefined) opened.joinWith(done.setCut);
    unfragmented = done.unfragmented;
    return done;
  });
  return {
    ok: true,
    socket: {
      port: raw.port,
      tuned,
      unfragmented: () => unfragmented,
      send: (datagrams) => opened.send(datagrams),
      close() {
        opened.stop();
        raw.close();
      },
    },
  };
};

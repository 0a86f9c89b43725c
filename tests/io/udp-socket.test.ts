// The UDP socket on this system: what arrives, what is sent, and what peers that are gone cost.

import { describe, expect, test } from "bun:test";

import {
  loadSetOption,
  RECEIVE_BUFFER_BYTES,
  tuneSocket,
} from "../../lib/io/socket/socket-options.ts";
import { openUdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { UdpSocket, UdpSocketOptions } from "../../lib/io/socket/udp-socket.ts";
import type { Address, Datagram } from "../../lib/transport/address.ts";

const open = async (options: Partial<UdpSocketOptions>): Promise<UdpSocket> => {
  const opened = await openUdpSocket({ port: 0, onDatagram: () => {}, ...options });
  if (!opened.ok) throw new Error(opened.reason);
  return opened.socket;
};

const to = (port: number, ...bytes: number[]): Datagram => ({
  to: { host: "127.0.0.1", port },
  bytes: Uint8Array.from(bytes),
});

/** A port of this machine behind which nobody listens. */
const deadPort = async (): Promise<number> => {
  const socket = await open({});
  socket.close();
  return socket.port;
};

describe("a socket", () => {
  test("hands in what arrives, with its sender, and the bytes stay as they were", async () => {
    const count = 50;
    const kept: Uint8Array[] = [];
    const senders = new Set<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const receiver = await open({
      onDatagram(from, bytes) {
        senders.add(`${from.host}:${from.port}`);
        kept.push(bytes);
        if (kept.length === count) resolve();
      },
    });
    const sender = await open({});
    sender.send(Array.from({ length: count }, (_, index) => to(receiver.port, index, 255 - index)));
    await promise;
    expect(kept.map((bytes) => [...bytes])).toEqual(
      Array.from({ length: count }, (_, index) => [index, 255 - index]),
    );
    expect([...senders]).toEqual([`127.0.0.1:${sender.port}`]);
    receiver.close();
    sender.close();
    sender.send([to(receiver.port, 1)]); // closed: nothing happens
  });

  test("a port in use is a reason", async () => {
    const first = await open({});
    const second = await openUdpSocket({ port: first.port, onDatagram: () => {} });
    expect(second).toEqual({ ok: false, reason: `Port ${first.port} is already in use` });
    first.close();
  });

  test("an address of another machine is a reason", async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737); no machine has it.
    const opened = await openUdpSocket({ port: 0, hostname: "192.0.2.1", onDatagram: () => {} });
    expect(opened.ok ? "" : opened.reason).toContain("not one of this machine");
  });
});

describe("datagrams to peers that are gone cost the others nothing", () => {
  const rounds = 40;

  const deliver = async (options: Partial<UdpSocketOptions>): Promise<number[]> => {
    const got: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const receiver = await open({
      onDatagram(_from: Address, bytes) {
        got.push(bytes[0] ?? -1);
        if (got.length === rounds * 2) resolve();
      },
    });
    const sender = await open(options);
    await sender.tuned;
    const gone = [await deadPort(), await deadPort()] as const;
    for (let round = 0; round < rounds; round++) {
      sender.send([
        to(gone[0], 0),
        to(receiver.port, round),
        to(gone[1], 0),
        { ...to(receiver.port), bytes: new Uint8Array(70_000) }, // more than UDP can carry
        to(receiver.port, round),
      ]);
    }
    await promise;
    sender.close();
    receiver.close();
    return got;
  };
  const all = Array.from({ length: rounds }, (_, round) => [round, round]).flat();

  test("with the socket options of this system", async () => {
    expect(await deliver({})).toEqual(all);
  });

  test("without them", async () => {
    expect(await deliver({ loadSetOption: () => Promise.resolve(undefined) })).toEqual(all);
  });
});

test("many of one size for one peer, and others between them, arrive as they were sent", async () => {
  const sizes = [1200, 1200, 1200, 300, 8000, 1452, 1452, 20, 1200, 1200, 60_000, 1];
  const got: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const receiver = await open({
    onDatagram(_from, bytes) {
      got.push(bytes.length);
      if (got.length === sizes.length) resolve();
    },
  });
  const sender = await open({});
  await Promise.all([sender.tuned, receiver.tuned]);
  const address = { host: "127.0.0.1", port: receiver.port };
  sender.send(sizes.map((size) => ({ to: address, bytes: new Uint8Array(size) })));
  await promise;
  expect(got).toEqual(sizes);
  sender.close();
  receiver.close();
});

describe("socket options", () => {
  test.if(process.platform === "linux")("are set on Linux", async () => {
    const socket = await open({});
    expect(await socket.tuned).toEqual({
      errorsOff: true,
      bufferEnlarged: true,
      unfragmented: true,
      setCut: expect.any(Function),
    });
    socket.close();
  });

  test("are left out elsewhere, and where the C library cannot be loaded", async () => {
    expect(await loadSetOption("darwin")).toBeUndefined();
    expect(await loadSetOption("win32")).toBeUndefined();
    expect(await loadSetOption("linux", ["libsuch-a-library-is-not-there.so.0"])).toBeUndefined();
  });

  test("that the system refuses change nothing", () => {
    const nothing = {
      errorsOff: false,
      bufferEnlarged: false,
      unfragmented: false,
      setCut: undefined,
    };
    expect(tuneSocket(5, () => -1)).toEqual(nothing);
    expect(tuneSocket(5, undefined)).toEqual(nothing);
    expect(tuneSocket(undefined, () => 0)).toEqual(nothing);
    expect(tuneSocket(-1, () => 0)).toEqual(nothing);
  });

  test("each goes to the descriptor with its own value", () => {
    const calls: number[][] = [];
    tuneSocket(7, (...call) => calls.push(call) * 0);
    expect(calls).toEqual([
      [7, 0, 11, 0],
      [7, 1, 8, RECEIVE_BUFFER_BYTES],
      [7, 0, 10, 3],
      [7, 17, 103, 0],
    ]);
  });
});

// How datagrams are handed to the kernel: all of them, in order, whatever one of them brings upon itself.

import { describe, expect, test } from "bun:test";

import { BACKLOG_MAX_DATAGRAMS, sendAll, Sender } from "../../lib/io/socket/sender.ts";
import type { RawSender } from "../../lib/io/socket/sender.ts";
import type { Datagram } from "../../lib/transport/address.ts";
import { Prng } from "../support/prng.ts";

/** What the kernel does with the next datagram it is offered. */
type Fate = "ok" | "full" | { readonly code: string };

/** A socket with Bun's habits: a throw when the first one fails, else a short count that hides why. */
class ScriptedSender implements RawSender {
  readonly sent: number[] = [];
  closed = false;
  readonly #fate: (port: number, attempt: number) => Fate;
  readonly #attempts = new Map<number, number>();

  constructor(fate: (port: number, attempt: number) => Fate) {
    this.#fate = fate;
  }

  sendMany(packets: readonly (Uint8Array | number | string)[]): number {
    let taken = 0;
    for (let at = 1; at < packets.length; at += 3) {
      const port = Number(packets[at]);
      const attempt = (this.#attempts.get(port) ?? 0) + 1;
      this.#attempts.set(port, attempt);
      const fate = this.#fate(port, attempt);
      if (fate === "full") return taken;
      if (fate !== "ok") {
        if (taken > 0) return taken;
        throw Object.assign(new Error(fate.code), fate);
      }
      this.sent.push(port);
      taken++;
    }
    return taken;
  }
}

const toPorts = (...ports: number[]): Datagram[] =>
  ports.map((port) => ({ to: { host: "127.0.0.1", port }, bytes: new Uint8Array(1) }));

describe("sendAll", () => {
  test("nothing to send", () => {
    expect(sendAll(new ScriptedSender(() => "ok"), [])).toBe(0);
  });

  test("all of them, in order", () => {
    const sender = new ScriptedSender(() => "ok");
    expect(sendAll(sender, toPorts(1, 2, 3))).toBe(3);
    expect(sender.sent).toEqual([1, 2, 3]);
  });

  test("an answer to an earlier datagram costs nobody theirs", () => {
    const refused = { code: "ECONNREFUSED" };
    const sender = new ScriptedSender((port, attempt) =>
      port % 2 === 0 && attempt <= 2 ? refused : "ok",
    );
    expect(sendAll(sender, toPorts(1, 2, 3, 4, 5, 6))).toBe(6);
    expect(sender.sent).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("one that can never be sent is left out, alone", () => {
    const sender = new ScriptedSender((port) => (port % 3 === 0 ? { code: "EMSGSIZE" } : "ok"));
    expect(sendAll(sender, toPorts(3, 1, 2, 6, 4, 9))).toBe(6);
    expect(sender.sent).toEqual([1, 2, 4]);
  });

  test.each(["EAGAIN", "ENOBUFS", "ENOMEM"])("%s: the rest waits", (code) => {
    const sender = new ScriptedSender((port) => (port === 3 ? { code } : "ok"));
    expect(sendAll(sender, toPorts(1, 2, 3, 4))).toBe(2);
    expect(sender.sent).toEqual([1, 2]);
  });

  test("no room: the rest waits", () => {
    expect(sendAll(new ScriptedSender(() => "full"), toPorts(1, 2))).toBe(0);
    const sender = new ScriptedSender((port) => (port === 2 ? "full" : "ok"));
    expect(sendAll(sender, toPorts(1, 2))).toBe(1);
  });

  test("an error without a code ends as well", () => {
    const broken: RawSender = {
      closed: false,
      sendMany() {
        throw new Error("Socket is closed");
      },
    };
    expect(sendAll(broken, toPorts(1, 2))).toBe(2);
  });
});

describe("Sender", () => {
  test("what finds no room waits for it, in order", () => {
    let room = 2;
    const raw = new ScriptedSender(() => (room-- > 0 ? "ok" : "full"));
    const sender = new Sender(raw);
    sender.send(toPorts(1, 2, 3));
    sender.send(toPorts(4));
    expect(raw.sent).toEqual([1, 2]);
    room = 1;
    sender.drain();
    expect(raw.sent).toEqual([1, 2, 3]);
    room = 9;
    sender.drain();
    sender.send(toPorts(5));
    expect(raw.sent).toEqual([1, 2, 3, 4, 5]);
  });

  test("tries again without being told that there is room", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let room = 0;
    const raw = new ScriptedSender((port) => {
      if (room-- <= 0) return "full";
      if (port === 2) resolve();
      return "ok";
    });
    new Sender(raw).send(toPorts(1, 2));
    room = 2;
    await promise;
    expect(raw.sent).toEqual([1, 2]);
  });

  test("keeps only so many, the oldest", () => {
    let full = true;
    const raw = new ScriptedSender(() => (full ? "full" : "ok"));
    const sender = new Sender(raw);
    const ports = Array.from({ length: BACKLOG_MAX_DATAGRAMS + 10 }, (_, index) => index);
    sender.send(toPorts(...ports));
    sender.send(toPorts(-1));
    full = false;
    sender.drain();
    expect(raw.sent).toEqual(ports.slice(0, BACKLOG_MAX_DATAGRAMS));
  });

  test("a closed socket is left alone", () => {
    const raw = new ScriptedSender(() => "ok");
    raw.closed = true;
    new Sender(raw).send(toPorts(1));
    expect(raw.sent).toEqual([]);
  });
});

describe("several datagrams at a time", () => {
  /** A kernel that cuts: what it was asked, and the datagrams that came of it. */
  class Cutting implements RawSender {
    readonly closed = false;
    readonly sent: string[] = [];
    calls = 0;
    cutAt = 0;
    refuses = false;
    /** Of a datagram. */
    longestBytes = Number.POSITIVE_INFINITY;
    room = Number.POSITIVE_INFINITY;

    readonly setCut = (bytes: number): boolean => {
      this.cutAt = bytes;
      return true;
    };

    sendMany(packets: readonly (Uint8Array | number | string)[]): number {
      let taken = 0;
      for (let at = 0; at < packets.length; at += 3) {
        const bytes = packets[at] as Uint8Array;
        const size = this.cutAt === 0 ? bytes.length : this.cutAt;
        if (this.refuses && bytes.length > size) {
          if (taken > 0) return taken;
          throw Object.assign(new Error("EIO"), { code: "EIO" });
        }
        if (Math.min(bytes.length, size) > this.longestBytes) {
          if (taken > 0) return taken;
          throw Object.assign(new Error("EMSGSIZE"), { code: "EMSGSIZE" });
        }
        if (this.room-- <= 0) return taken;
        this.calls++;
        for (let start = 0; start < bytes.length; start += size) {
          const part = bytes.subarray(start, start + size);
          this.sent.push(`${packets[at + 1]}:${part[0]}x${part.length}`);
        }
        taken++;
      }
      return taken;
    }
  }

  const ann = { host: "10.0.0.1", port: 1 };
  const bob = { host: "10.0.0.2", port: 2 };
  let mark = 0;
  const of = (to: Datagram["to"], ...sizes: number[]): Datagram[] =>
    sizes.map((size) => ({ to, bytes: new Uint8Array(size).fill(++mark & 0xff) }));
  const plain = (datagrams: readonly Datagram[]): string[] =>
    datagrams.map(({ to, bytes }) => `${to.port}:${bytes[0]}x${bytes.length}`);
  const joining = () => {
    const raw = new Cutting();
    const sender = new Sender(raw);
    sender.joinWith(raw.setCut);
    return { raw, sender };
  };

  test("those of one size for one peer, and a shorter last one, cost one call", () => {
    const { raw, sender } = joining();
    const datagrams = [...of(ann, 1200, 1200, 1200, 40), ...of(bob, 1200, 1200)];
    sender.send(datagrams);
    expect(raw.sent).toEqual(plain(datagrams));
    expect(raw.calls).toBe(2);
  });

  test("nothing is cut that is one datagram, whatever came before and comes behind", () => {
    const { raw, sender } = joining();
    const random = new Prng(5);
    const all: Datagram[] = [];
    for (let turn = 0; turn < 200; turn++) {
      const datagrams: Datagram[] = [];
      for (let peer = random.between(1, 4); peer > 0; peer--) {
        const to = { host: "10.0.0.9", port: peer };
        const sizes = [50, 1200, 1200, 1200, 1452, 8952];
        for (let count = random.between(1, 9); count > 0; count--) {
          datagrams.push(...of(to, random.pick(sizes)));
        }
      }
      sender.send(datagrams);
      all.push(...datagrams);
    }
    expect(raw.sent).toEqual(plain(all));
    expect(raw.calls).toBeLessThan(all.length);
  });

  test("no piece is longer or has more parts than the kernel takes", () => {
    const { raw, sender } = joining();
    const many = of(ann, ...Array<number>(130).fill(100));
    const large = of(bob, ...Array<number>(60).fill(1452));
    sender.send([...many, ...large]);
    expect(raw.sent).toEqual(plain([...many, ...large]));
    expect(raw.calls).toBe(Math.ceil(130 / 64) + Math.ceil((60 * 1452) / 65_507));
  });

  test("a kernel that refuses a piece gets its parts, and after a few no more pieces", () => {
    const { raw, sender } = joining();
    raw.refuses = true;
    const all: Datagram[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const datagrams = [...of(ann, 1200, 1200, 1200), ...of(bob, 60, 60, 4000)];
      sender.send(datagrams);
      all.push(...datagrams);
    }
    expect(raw.sent.toSorted()).toEqual(plain(all).toSorted());
    expect(raw.cutAt).toBe(0);
    raw.refuses = false;
    raw.calls = 0;
    sender.send(of(ann, 1200, 1200));
    expect(raw.calls).toBe(2);
  });

  test("datagrams that are too long for the device are no reason to send the others one by one", () => {
    const { raw, sender } = joining();
    raw.longestBytes = 1_400;
    const all: Datagram[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const datagrams = [...of(ann, 1200, 1200, 1200), ...of(ann, 8952, 60)];
      sender.send(datagrams);
      all.push(...datagrams.filter(({ bytes }) => bytes.length < raw.longestBytes));
    }
    expect(raw.sent.toSorted()).toEqual(plain(all).toSorted());
    raw.calls = 0;
    sender.send(of(ann, 1200, 1200));
    expect(raw.calls).toBe(1);
  });

  test("a socket that cannot be set any more goes on without", () => {
    const raw = new Cutting();
    const sender = new Sender(raw);
    sender.joinWith(() => false);
    const datagrams = of(ann, 1200, 1200, 40);
    sender.send(datagrams);
    expect(raw.sent).toEqual(plain(datagrams));
    expect(raw.calls).toBe(3);
  });

  test("what finds no room waits, each datagram for itself", () => {
    const { raw, sender } = joining();
    raw.room = 1;
    const datagrams = [...of(ann, 1200, 1200), ...of(bob, 1200, 1200, 30)];
    sender.send(datagrams);
    expect(raw.sent).toEqual(plain(datagrams.slice(0, 2)));
    raw.room = Number.POSITIVE_INFINITY;
    sender.drain();
    expect(raw.sent).toEqual(plain(datagrams));
  });
});

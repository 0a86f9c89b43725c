// The drive loop: when a turn ends, what goes out in which order, and when a machine is woken.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { Line } from "../../lib/chat/line.ts";
import { MemoryLog } from "../../lib/chat/log.ts";
import type { LogEntry } from "../../lib/chat/log.ts";
import { Clock, LATE_MAX_MS } from "../../lib/io/clock.ts";
import { Drive } from "../../lib/io/drive.ts";
import type { Outlets } from "../../lib/io/drive.ts";
import { openUdpSocket } from "../../lib/io/socket/udp-socket.ts";
import type { Address, Datagram } from "../../lib/transport/address.ts";
import { NOTHING, ProbeMachine } from "../support/probe-machine.ts";

const PEER: Address = { host: "127.0.0.1", port: 9 };
const BYTES = new Uint8Array(1);
const line = (text: string): Line => ({ text, kind: "status" });

/** A drive loop whose outlets write down what reaches them. */
const setUp = (outlets: Partial<Outlets> = {}, clock = new Clock()) => {
  const machine = new ProbeMachine();
  const effects: string[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const drive = new Drive(
    machine,
    {
      show: (lines) => effects.push(...lines.map(({ text }) => `show ${text}`)),
      send: (datagrams) => effects.push(`send ${datagrams.length}`),
      exit(status) {
        effects.push(`exit ${status}`);
        resolve(status);
      },
      fault: (error) => effects.push(`fault ${String(error)}`),
      ...outlets,
    },
    clock,
  );
  return { machine, clock, drive, effects, exited };
};

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

const nextFlush = (machine: ProbeMachine): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  machine.onFlush = resolve;
  return promise;
};

describe("a turn of the loop", () => {
  test("ends with one flush, whatever arrived in it", async () => {
    const { machine, drive } = setUp({}, new Clock(() => 0));
    const flushed = nextFlush(machine);
    for (let count = 0; count < 300; count++) drive.datagram(PEER, BYTES);
    drive.act(() => machine.calls.push("typed"));
    await flushed;
    expect(machine.calls.filter((call) => call === "flush")).toHaveLength(1);
    expect(machine.calls.slice(-2)).toEqual(["typed", "flush"]);
    drive.stop();
  });

  test("is over after a thousand datagrams, with the socket not yet empty", () => {
    const { machine, drive } = setUp({}, new Clock(() => 0));
    for (let count = 0; count < 2_500; count++) drive.datagram(PEER, BYTES);
    const flushes = machine.calls.flatMap((call, index) => (call === "flush" ? [index] : []));
    expect(flushes).toEqual([1_000, 2_001]);
    drive.stop();
  });

  test("is over after 20 ms, however few datagrams took so long", () => {
    let time = 0;
    const { machine, drive } = setUp({}, new Clock(() => time));
    machine.onReceive = () => (time += 2);
    for (let count = 0; count < 40; count++) drive.datagram(PEER, BYTES);
    const flushes = machine.calls.flatMap((call, index) => (call === "flush" ? [index] : []));
    expect(flushes).toEqual([16, 33]);
    drive.stop();
  });

  test("where they come one at a time, each is answered at once", async () => {
    const { machine, drive } = setUp();
    const arrives = async (): Promise<readonly string[]> => {
      const before = machine.calls.length;
      drive.datagram(PEER, BYTES);
      const atOnce = machine.calls.slice(before);
      // Behind the end of the turn, which waits for its own.
      await new Promise(setImmediate);
      return atOnce;
    };
    // Nothing is known of the first one: there may be more behind it.
    expect(await arrives()).toEqual(["receive"]);
    expect(await arrives()).toEqual(["receive", "flush"]);
    expect(await arrives()).toEqual(["receive", "flush"]);
    // What comes close behind is taken together.
    expect([drive.datagram(PEER, BYTES), ...(await arrives())].slice(1)).toEqual(["receive"]);
    expect(await arrives()).toEqual(["receive"]);
    drive.stop();
  });

  test("is not over while the machine has more to send", async () => {
    const { machine, drive, effects } = setUp();
    const datagrams: Datagram[] = [{ to: PEER, bytes: BYTES }];
    machine.outputs = [
      { ...NOTHING, datagrams, more: true },
      { ...NOTHING, datagrams: [...datagrams, ...datagrams], more: true },
      { ...NOTHING, datagrams },
      { ...NOTHING, datagrams },
    ];
    const flushed = nextFlush(machine);
    drive.start();
    await flushed;
    expect(effects).toEqual(["send 1", "send 2", "send 1"]);
    drive.stop();
  });

  test("is over after a thousand datagrams sent: what has arrived meanwhile is read before the rest goes out", async () => {
    const { machine, drive, effects } = setUp();
    const some = { ...NOTHING, datagrams: Array<Datagram>(400).fill({ to: PEER, bytes: BYTES }) };
    machine.outputs = [...Array<typeof some>(5).fill({ ...some, more: true }), some];
    const turn = () => new Promise(setImmediate);
    drive.start();
    await turn();
    expect(effects).toEqual(Array(4).fill("send 400"));
    drive.datagram(PEER, BYTES);
    expect(machine.calls.at(-1)).toBe("receive");
    await turn();
    expect(effects).toEqual(Array(6).fill("send 400"));
    drive.stop();
  });

  test("whose first part is long, with answers to strangers, goes on with the rest all the same", async () => {
    const { machine, drive, effects } = setUp();
    const datagrams = (count: number) => Array<Datagram>(count).fill({ to: PEER, bytes: BYTES });
    machine.outputs = [
      { ...NOTHING, datagrams: datagrams(1_016), more: true },
      { ...NOTHING, datagrams: datagrams(16), more: true },
      { ...NOTHING, datagrams: datagrams(16) },
    ];
    drive.start();
    await new Promise(setImmediate);
    expect(effects).toEqual(["send 1016", "send 16", "send 16"]);
    drive.stop();
  });

  test("that was not over when the loop was ended never is", async () => {
    const { machine, drive } = setUp();
    drive.datagram(PEER, BYTES);
    drive.stop();
    await new Promise(setImmediate);
    expect(machine.calls).toEqual(["receive"]);
  });

  test("shows, then sends, then exits; nothing follows", async () => {
    const { machine, drive, effects, exited } = setUp();
    const datagrams: Datagram[] = [{ to: PEER, bytes: BYTES }];
    machine.outputs = [{ lines: [line("one"), line("two")], datagrams, exit: 3 }];
    drive.start();
    expect(await exited).toBe(3);
    expect(effects).toEqual(["show one", "show two", "send 1", "exit 3"]);
    const calls = machine.calls.length;
    drive.datagram(PEER, BYTES);
    drive.act(() => machine.calls.push("typed"));
    expect(machine.calls).toHaveLength(calls);
  });

  test("entries that are committed at once are applied in the same turn", async () => {
    const log = new MemoryLog();
    const { machine, drive, effects } = setUp({ append: (entries) => log.append(entries) });
    log.follow((entries) => drive.act((now) => machine.committed(now, entries)));
    // What an entry says is no business of the loop.
    const appends = ["an entry", "another"] as unknown as LogEntry[];
    machine.outputs = [
      { ...NOTHING, appends },
      { ...NOTHING, lines: [line("done")] },
    ];
    const flushed = nextFlush(machine);
    drive.start();
    await flushed;
    expect(machine.calls).toEqual(["flush", "committed", "flush"]);
    expect(effects).toEqual(["show done"]);
    drive.stop();
  });
});

describe("time", () => {
  test("wakes the machine when it asked for it, not before", async () => {
    const { machine, clock, drive } = setUp();
    const { promise: woken, resolve } = Promise.withResolvers<number>();
    machine.onWake = resolve;
    const dueAt = clock.now() + 30.5;
    machine.wakeAt = dueAt;
    drive.start();
    expect(await woken).toBeGreaterThanOrEqual(dueAt);
    drive.stop();
  });

  test("a nearer wake-up takes the place of one further away", async () => {
    const { machine, clock, drive } = setUp();
    const { promise: woken, resolve } = Promise.withResolvers<number>();
    machine.onWake = resolve;
    machine.wakeAt = clock.now() + 1e9;
    drive.start();
    await nextFlush(machine);
    machine.wakeAt = clock.now() + 5;
    drive.start();
    expect(await woken).toBeGreaterThan(0);
    drive.stop();
  });

  test("a flood does not keep the machine from being woken", () => {
    const { machine, clock, drive } = setUp();
    machine.wakeAt = clock.now() + 1;
    // As Bun reads a socket that never runs empty: one call after the other, with no turn of the loop between.
    while (!machine.calls.includes("wake")) drive.datagram(PEER, BYTES);
    expect(machine.wakeAt).toBe(Infinity);
    drive.stop();
  });

  test("a flood is no sleep: time goes on in it", () => {
    const { clock, drive } = setUp();
    const end = performance.now() + 3 * LATE_MAX_MS;
    drive.start();
    const startedAt = clock.now();
    let longestGap = 0;
    for (let last = performance.now(); last < end;) {
      drive.datagram(PEER, BYTES);
      const now = performance.now();
      longestGap = Math.max(longestGap, now - last);
      last = now;
    }
    // Only what this machine itself stopped for may be missing.
    expect(clock.now() - startedAt).toBeGreaterThan(2 * LATE_MAX_MS - longestGap);
    drive.stop();
  });
});

describe("a fault of ours", () => {
  test("costs one datagram, not the program", async () => {
    const { machine, drive, effects } = setUp();
    machine.onReceive = (bytes) => {
      if (bytes[0] === 13) throw new RangeError("planted");
    };
    const flushed = nextFlush(machine);
    drive.datagram(PEER, Uint8Array.of(13));
    drive.datagram(PEER, Uint8Array.of(14));
    await flushed;
    expect(machine.calls).toEqual(["receive", "receive", "flush"]);
    expect(effects).toEqual(["fault RangeError: planted"]);
    drive.stop();
  });

  test("in a flush leaves the next one due, though nothing else happens", async () => {
    const { machine, drive, effects } = setUp();
    machine.outputs = [{ ...NOTHING, lines: [line("late")] }];
    let flushes = 0;
    const { promise: flushedAgain, resolve } = Promise.withResolvers<void>();
    machine.onFlush = () => {
      if (++flushes === 1) throw new Error("planted");
      resolve();
    };
    drive.start();
    await flushedAgain;
    await new Promise(setImmediate);
    expect(effects).toEqual(["fault Error: planted", "show late"]);
    drive.stop();
  });

  test("in every wake-up does not make the loop spin", async () => {
    const { machine, clock, drive } = setUp();
    const { promise: thrice, resolve } = Promise.withResolvers<void>();
    const wakes: number[] = [];
    machine.onWake = () => {
      wakes.push(performance.now());
      machine.wakeAt = 0;
      if (wakes.length === 3) resolve();
      throw new Error("planted");
    };
    machine.wakeAt = clock.now();
    drive.start();
    await thrice;
    expect((wakes[2] ?? 0) - (wakes[0] ?? 0)).toBeGreaterThan(150);
    drive.stop();
  });
});

// Signals that stop a process exist on POSIX systems only.
test.if(process.platform !== "win32")(
  "a process that was stopped reads what came meanwhile, and does not count the time",
  async () => {
    const program = Bun.spawn([process.execPath, join(import.meta.dir, "./stalled-program.ts")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = readLines(program.stdout);
    const nextLine = async (): Promise<string> => (await lines.next()).value ?? "";
    const sender = await openUdpSocket({ port: 0, onDatagram: () => {} });
    if (!sender.ok) throw new Error(sender.reason);
    const to: Address = { host: "127.0.0.1", port: Number(await nextLine()) };

    let calls: [name: string, sinceDue: number][] = [];
    // On a busy machine the wake-up may come before the stop does. Then it is tried again.
    for (let tries = 0; tries < 10 && calls.every(([name]) => name !== "receive"); tries++) {
      program.stdin.write("arm\n");
      expect(await nextLine()).toBe("armed");
      program.kill("SIGSTOP");
      await Bun.sleep(1_500); // the stop itself, well past the wake-up
      sender.socket.send([1, 2, 3].map(() => ({ to, bytes: BYTES })));
      program.kill("SIGCONT");
      calls = JSON.parse(await nextLine());
    }
    program.stdin.end();
    sender.socket.close();

    const names = calls.map(([name]) => name).filter((name) => name !== "flush");
    expect(names).toEqual(["receive", "receive", "receive", "wake"]);
    const received = calls.filter(([name]) => name === "receive");
    for (const [, sinceDue] of received) expect(sinceDue).toBeLessThan(LATE_MAX_MS + 1);
  },
);

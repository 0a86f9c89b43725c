// The protocols of the other systems, as the members read them, however the bytes are cut.

import { describe, expect, test } from "bun:test";

import { ircWire } from "./peers/irc-crowd.ts";
import { mqttWire } from "./peers/mosquitto.ts";
import { natsWire } from "./peers/nats.ts";
import { redisWire } from "./peers/redis.ts";
import { Connection, type Wire } from "./peers/tcp-crowd.ts";

const TEXTS = ["00000007 first", "00000008 second", `00000009 ${"x".repeat(300)}`];

/** Has a member read these bytes, `step` more at a time. Returns the numbers of the texts, and what was wrong. */
const readAll = (wire: Wire, bytes: Uint8Array, step: number) => {
  const numbers: number[] = [];
  const failures: string[] = [];
  const connection = new Connection(0, wire, {
    delivered: (_, sequence) => numbers.push(sequence),
    turnOver: () => {},
    failed: (reason) => failures.push(reason),
  });
  let rest = Buffer.alloc(0);
  for (let at = 0; at < bytes.length; at += step) {
    rest = Buffer.concat([rest, bytes.subarray(at, at + step)]);
    rest = rest.subarray(wire.read(rest, connection));
  }
  return { numbers, failures, left: rest.length };
};

const WIRES: [name: string, wire: Wire, said: Uint8Array][] = [
  [
    "NATS",
    natsWire,
    Buffer.from(
      `INFO {"server_id":"MSG"}\r\nPING\r\nPONG\r\n${TEXTS.map(
        (text) => `MSG bench 1 ${text.length}\r\n${text}\r\n`,
      ).join("")}`,
    ),
  ],
  [
    "Redis",
    redisWire,
    Buffer.from(
      `*3\r\n$9\r\nsubscribe\r\n$5\r\nbench\r\n:1\r\n${TEXTS.map(
        (text) => `*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$${text.length}\r\n${text}\r\n`,
      ).join("")}`,
    ),
  ],
  [
    "IRC",
    ircWire,
    Buffer.from(
      `:bench.example.net 001 m0 :Welcome\r\nPING :123\r\n:bench.example.net 422 m0 :no MOTD\r\n` +
        `:m1!~bench@127.0.0.1 JOIN :#bench\r\n:bench.example.net 366 m0 #bench :End\r\n${TEXTS.map(
          (text) => `:sender!~bench@127.0.0.1 PRIVMSG #bench :${text}\r\n`,
        ).join("")}`,
    ),
  ],
  ...([0, 1] as const).map((qos): [string, Wire, Uint8Array] => {
    const wire = mqttWire(qos);
    const granted = [Uint8Array.of(0x20, 2, 0, 0), Uint8Array.of(0x90, 3, 0, 1, qos)];
    return [
      `MQTT QoS ${qos}`,
      wire,
      Buffer.concat([...granted, ...TEXTS.map((text) => Buffer.from(wire.publication(text)))]),
    ];
  }),
];

describe.each(WIRES)("%s", (_, wire, said) => {
  test.each([1, 2, 3, 7, 64, 100_000])("is read %d bytes at a time", (step) => {
    expect(readAll(wire, said, step)).toEqual({ numbers: [7, 8, 9], failures: [], left: 0 });
  });
});

test("refusals are faults", () => {
  const failuresOf = (wire: Wire, said: string | Uint8Array) =>
    readAll(wire, Buffer.from(said), 1_000).failures.length;
  expect(failuresOf(natsWire, "-ERR 'Unknown'\r\n")).toBe(1);
  expect(failuresOf(redisWire, "-ERR unknown\r\n")).toBe(1);
  expect(failuresOf(ircWire, ":a 433 * m0 :Nickname is in use\r\n")).toBe(1);
  expect(failuresOf(ircWire, "ERROR :Closing link\r\n")).toBe(1);
  expect(failuresOf(mqttWire(0), Uint8Array.of(0x20, 2, 0, 5))).toBe(1);
});

// Mosquitto, an MQTT server: at most once (QoS 0), or acknowledged by each member and delivered at least once (QoS 1).
// https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html

import { join } from "node:path";

import { GROUP, type Peer, SENDER } from "./peer.ts";
import { type Connection, gatherTcp, type Wire } from "./tcp-crowd.ts";
import { serveTcp } from "./tcp-server.ts";

/** Nothing is kept on disk, and nothing waits for an acknowledgement of something else. */
const configuration = (port: number): string => `
listener ${port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
sys_interval 0
log_type error
user root
`;

/** First byte of a packet, its flags zero (MQTT 3.1.1 section 2.2.1). */
const PacketType = { Connack: 0x20, Publish: 0x30, Puback: 0x40, Suback: 0x90 } as const;

const CONNECT = 0x10;
const SUBSCRIBE = 0x82;

const CLEAN_SESSION = 0x02;
const PROTOCOL_LEVEL = 4;
const PACKET_ID_BYTES = 2;
const PACKET_ID_MAX = 0xffff;
const QOS_SHIFT = 1;
const QOS_MASK = 3;

const u16 = (value: number): number[] => [value >> 8, value & 0xff];

const text = (value: string): number[] => [...u16(value.length), ...Buffer.from(value)];

/** A packet: its first byte, its length in groups of 7 bits, what is in it. */
const packet = (first: number, body: readonly number[]): Uint8Array => {
  const length: number[] = [];
  let rest = body.length;
  do {
    const more = rest > 0x7f;
    length.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.from([first, ...length, ...body]);
};

/** Where the body begins and ends of the packet at `at`; an end beyond all bytes if it is yet to come. */
const bodyAt = (bytes: Uint8Array, at: number): { start: number; end: number } => {
  let length = 0;
  let shift = 0;
  let start = at + 1;
  for (;;) {
    const byte = bytes[start++];
    if (byte === undefined) return { start, end: Infinity };
    length |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return { start, end: start + length };
  }
};

const read: Wire["read"] = (bytes, connection) => {
  let at = 0;
  while (at < bytes.length) {
    const { start, end } = bodyAt(bytes, at);
    if (end > bytes.length) return at;
    const first = bytes[at]!;
    switch (first & 0xf0) {
      case PacketType.Publish:
        readPublish(bytes, first, start, connection);
        break;
      case PacketType.Connack:
        if (bytes[start + 1] !== 0) connection.fail("the connection was refused");
        else if (connection.member === SENDER) connection.joined();
        break;
      case PacketType.Suback:
        connection.joined();
        break;
    }
    at = end;
  }
  return at;
};

const readPublish = (
  bytes: Uint8Array,
  first: number,
  start: number,
  connection: Connection,
): void => {
  const topicEnd = start + 2 + ((bytes[start]! << 8) | bytes[start + 1]!);
  if (((first >> QOS_SHIFT) & QOS_MASK) === 0) return connection.delivered(bytes, topicEnd);
  connection.delivered(bytes, topicEnd + PACKET_ID_BYTES);
  const id = [bytes[topicEnd]!, bytes[topicEnd + 1]!];
  connection.say(Uint8Array.of(PacketType.Puback, id.length, ...id));
};

const connect = (client: string): Uint8Array =>
  packet(CONNECT, [...text("MQTT"), PROTOCOL_LEVEL, CLEAN_SESSION, ...u16(0), ...text(client)]);

export const mqttWire = (qos: 0 | 1): Wire => {
  let lastId = 0;
  return {
    greeting: (member) => {
      if (member === SENDER) return connect("sender");
      const subscribe = packet(SUBSCRIBE, [...u16(1), ...text(GROUP), qos]);
      return Buffer.concat([connect(`m${member}`), subscribe]);
    },
    publication: (words) => {
      lastId = (lastId % PACKET_ID_MAX) + 1;
      const id = qos === 0 ? [] : u16(lastId);
      const first = PacketType.Publish | (qos << QOS_SHIFT);
      return packet(first, [...text(GROUP), ...id, ...Buffer.from(words)]);
    },
    read,
  };
};

export const mosquitto = (qos: 0 | 1): Peer => ({
  name: `Mosquitto QoS ${qos}`,
  needs: "mosquitto",
  serve: (folder) =>
    serveTcp(async (port) => {
      const file = join(folder, `mosquitto-${qos}.conf`);
      await Bun.write(file, configuration(port));
      return ["mosquitto", "-c", file];
    }),
  gather: gatherTcp(mqttWire(qos)),
});

// All that are measured beside each other, ours first.

import { chatapp } from "./chatapp.ts";
import { inspircd } from "./inspircd.ts";
import { mosquitto } from "./mosquitto.ts";
import { nats } from "./nats.ts";
import { ngircd } from "./ngircd.ts";
import type { Peer } from "./peer.ts";
import { redis } from "./redis.ts";

export const PEERS: readonly Peer[] = [
  chatapp,
  nats,
  redis,
  inspircd,
  ngircd,
  mosquitto(0),
  mosquitto(1),
];

export const peerNamed = (name: string): Peer => {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`no such peer: ${name}`);
  return peer;
};

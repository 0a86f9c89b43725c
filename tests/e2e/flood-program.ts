// A program for tests: a stranger that sends random datagrams as fast as it can. Its words: for how many ms, and the
// ports. Says how many it has sent.

import { Prng } from "../support/prng.ts";

const [forMs = "0", ...ports] = process.argv.slice(2);
const HOST = "127.0.0.1";
const LENGTH_MAX = 1_400;
const BATCH = 64;

const random = new Prng(1);
const socket = await Bun.udpSocket({ hostname: "0.0.0.0", socket: { error() {} } });
/** Noise to cut datagrams from: making it anew each time would be most of the work. */
const noise = random.bytes(1 << 20);

const batch = (): (Uint8Array | string | number)[] => {
  const packets: (Uint8Array | string | number)[] = [];
  for (let count = 0; count < BATCH; count++) {
    const length = 1 + random.below(LENGTH_MAX);
    const from = random.below(noise.length - length);
    packets.push(noise.subarray(from, from + length), Number(ports[count % ports.length]), HOST);
  }
  return packets;
};

let sent = 0;
const endsAt = performance.now() + Number(forMs);
console.log("begun");
while (performance.now() < endsAt) {
  try {
    sent += socket.sendMany(batch());
  } catch {
    // A port that is closed, or a full buffer.
  }
  await new Promise((resolve) => setImmediate(resolve));
}
socket.close();
console.log(sent);

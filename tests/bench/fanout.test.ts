// The fan-out at its smallest: that texts go round and are checked, not how fast.

import { afterEach, expect, test } from "bun:test";

import { startChatServer } from "./chat-server.ts";
import { Load } from "./load.ts";
import { peerNamed } from "./peers/all.ts";
import { type Crowd, sequenceAt } from "./peers/peer.ts";
import type { Process } from "./processes.ts";

const started: Process[] = [];

afterEach(async () => {
  for (const process of started.splice(0)) await process.end();
});

const until = async (condition: () => boolean, load: Load): Promise<void> => {
  while (!condition()) await Promise.race([Bun.sleep(5), load.failure]);
};

test("every member of a real server reads every text once, in order, also when some have died", async () => {
  const { process: server, port } = await startChatServer();
  started.push(server);
  const load = new Load(4);
  const gathering = peerNamed("ChatApp").gather(port, 4, load);
  const crowd = await Promise.race([gathering, load.failure]);

  load.start(crowd, { kind: "window", texts: 3 });
  await until(() => load.deliveries >= 100, load);
  crowd.kill!(1);
  load.leaveOut(1);
  load.reset();
  await until(() => load.deliveries >= 100, load);
  await load.stop();
  await crowd.replaceKilled!();
  load.takeIn(1);

  load.start(crowd, { kind: "steady", perSecond: 200 });
  load.reset();
  await until(() => load.deliveries >= 40, load);
  await load.stop();
  expect(load.deliveries % 4).toBe(0);
  expect(load.delays.total).toBe(load.deliveries);
});

/** A crowd that keeps what it is told to say. */
class Silent implements Crowd {
  ready = true;
  readonly texts: number[] = [];
  publish(text: string): void {
    this.texts.push(sequenceAt(Buffer.from(text), 0));
  }
  flush(): void {}
}

test("no more texts are on their way than the window allows", () => {
  const crowd = new Silent();
  const load = new Load(2);
  load.start(crowd, { kind: "window", texts: 2 });
  expect(crowd.texts).toEqual([1, 2]);
  load.delivered(0, 1, 0);
  load.turnOver();
  expect(crowd.texts).toEqual([1, 2]);
  load.delivered(1, 1, 0);
  load.turnOver();
  expect(crowd.texts).toEqual([1, 2, 3]);
  crowd.ready = false;
  load.leaveOut(1);
  load.delivered(0, 2, 0);
  load.turnOver();
  expect(crowd.texts).toEqual([1, 2, 3]);
  crowd.ready = true;
  load.turnOver();
  expect(crowd.texts).toEqual([1, 2, 3, 4]);
});

test("texts that wait for nobody but one who is left out make room for the next ones", () => {
  const crowd = new Silent();
  const load = new Load(2);
  load.start(crowd, { kind: "window", texts: 2 });
  load.delivered(0, 1, 0);
  load.delivered(0, 2, 0);
  load.turnOver();
  expect(crowd.texts).toEqual([1, 2]);
  load.leaveOut(1);
  expect(crowd.texts).toEqual([1, 2, 3, 4]);
});

test.each([
  ["lost", [1, 3]],
  ["doubled", [1, 1]],
  ["out of order", [2]],
])("a text that is %s is a fault", async (_, sequences) => {
  const load = new Load(1);
  load.start(new Silent(), { kind: "window", texts: 5 });
  for (const sequence of sequences) load.delivered(0, sequence, 0);
  expect(load.failure).rejects.toThrow("member 0 read text");
});

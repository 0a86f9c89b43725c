// A speaker that can be made deaf: it lives and shows it, but takes nothing of what is said to it.

import type { Address } from "../../lib/transport/address.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { Actor, type ChatScene } from "./chat-scene.ts";
import { Speaker } from "./speaker.ts";

const PING_INTERVAL_MS = 500;

/** Runs `receive`; for who is deaf no endpoint takes anything of a stream meanwhile. */
export const hearing = (deaf: boolean, receive: () => void): void => {
  const { prototype } = ReceiveStream;
  const { accept } = prototype;
  if (deaf) prototype.accept = () => "no_room";
  try {
    receive();
  } finally {
    prototype.accept = accept;
  }
};

export class DeafSpeaker extends Speaker {
  /** From now on it takes nothing, and shows every half second that it lives. */
  deaf = false;
  #pingAt = 0;

  override receive(now: number, from: Address, datagram: Uint8Array): void {
    hearing(this.deaf, () => super.receive(now, from, datagram));
  }

  override wake(now: number): void {
    super.wake(now);
    if (!this.deaf || now < this.#pingAt) return;
    this.#pingAt = now + PING_INTERVAL_MS;
    this.say(now, { type: "ping", payload: {}, metadata: {} });
  }

  override nextWakeup(): number {
    return this.deaf ? Math.min(super.nextWakeup(), this.#pingAt) : super.nextWakeup();
  }
}

/** One in a group of the scene that takes all, until it is made deaf. */
export const deafUser = (scene: ChatScene, name: string, port: number, group: string) => {
  const { network } = scene;
  const machine = new DeafSpeaker(network.now, 4_242 + port, scene.server.address);
  const actor = new Actor(network, network.add(port, machine, "10.0.0.9"));
  actor.ask("register", { name, groups: [] });
  actor.ask("join_group", { group });
  scene.run();
  return { actor, machine };
};

// A speaker that can be made deaf: it lives and shows it, but takes nothing of what is said to it.

import type { Address } from "../../lib/transport/address.ts";
import { ReceiveStream } from "../../lib/transport/session/receive-stream.ts";
import { Actor, type ChatScene } from "./chat-scene.ts";
import { Speaker } from "./speaker.ts";

const PING_INTERVAL_MS = 500;

/** While `receive` runs, no endpoint takes anything of a stream. */
export const takingNothing = (receive: () => void): void => {
  const { prototype } = ReceiveStream;
  const { accept } = prototype;
  prototype.accept = () => "no_room";
  receive();
  prototype.accept = accept;
};

export class DeafSpeaker extends Speaker {
  /** From now on it takes nothing, and shows every half second that it lives. */
  deaf = false;
  #pingAt = 0;

  override receive(now: number, from: Address, datagram: Uint8Array): void {
    const receive = () => super.receive(now, from, datagram);
    if (this.deaf) takingNothing(receive);
    else receive();
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

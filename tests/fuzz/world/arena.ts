// A machine under test in virtual time, among peers with keys and strangers without: gives it the steps of a case, hands
// on what it sends, and watches the rules that hold for every machine.

import { lineText } from "../../../lib/chat/line.ts";
import type { Machine, Output } from "../../../lib/chat/machine.ts";
import { type Address, sameAddress } from "../../../lib/transport/address.ts";
import { DATAGRAM_GROWN_MAX_BYTES } from "../../../lib/transport/limits.ts";
import { mustBePrintable } from "../rules.ts";
import { must, type Run } from "../target.ts";
import type { KeyedPeer } from "./keyed-peer.ts";
import type { MachineStep } from "./steps.ts";

/** Without a key, a cookie or a chance to answer. */
const STRANGERS = 4;

/** So often an honest peer gives a sign of life. */
const KEEP_ALIVE_MS = 10_000;

/** Each step takes so long, on top of what it waits. */
const STEP_MS = 1;

/** Datagrams of both directions that a stranger may have seen. */
const RECORDED_MAX = 96;

/** A machine that wants to be woken again at the same moment has this often a reason. */
const WAKES_AT_ONCE_MAX = 50;

/** Answers to answers, in no time at all. */
const ROUNDS_MAX = 2_000;

const UNPROVEN = "an address without proof gets no more than it sent";

export interface Recorded {
  readonly fromMachine: boolean;
  readonly bytes: Uint8Array;
}

/** What went to and fro between the machine and one address. */
interface Account {
  in: number;
  out: number;
  /** It has shown that it receives there, or the machine came to it by itself. */
  proven: boolean;
}

export interface ArenaOptions {
  readonly machine: Machine;
  readonly peers: readonly KeyedPeer[];
  /** Something that is done to the machine from within: a typed line, a call of the layer above. */
  readonly act: (now: number, what: string, text: string) => void;
  /** Whether the machine may go to an address of itself. */
  readonly sought: (address: Address) => boolean;
  /** Peers that keep their sessions, as the protocol wants it of them. */
  readonly honest?: readonly number[];
}

export class Arena implements Run<MachineStep> {
  now = 1_000;
  readonly peers: readonly KeyedPeer[];
  /** All that datagrams may come from: each peer's own address, its second one, and the strangers'. */
  readonly addresses: readonly Address[];
  readonly recorded: Recorded[] = [];
  readonly #machine: Machine;
  readonly #act: ArenaOptions["act"];
  readonly #sought: ArenaOptions["sought"];
  readonly #honest: readonly KeyedPeer[];
  readonly #accounts = new Map<string, Account>();
  /** When the honest ones were last heard for sure. */
  #keptAliveAt = 1_000;
  #holding = false;
  #over = false;

  constructor({ machine, peers, act, sought, honest = [] }: ArenaOptions) {
    this.#machine = machine;
    this.#act = act;
    this.#sought = sought;
    this.#honest = honest.map((at) => peers[at]!);
    this.peers = peers;
    const second = peers.map(({ address }) => ({
      ...address,
      host: `10.0.2.${address.port % 256}`,
    }));
    const strangers = Array.from({ length: STRANGERS }, (_, at) => ({
      host: `10.9.0.${at + 1}`,
      port: 9_000,
    }));
    this.addresses = [...peers.map(({ address }) => address), ...second, ...strangers];
    this.#flush();
  }

  get over(): boolean {
    return this.#over;
  }

  /** A peer shakes hands with the machine. */
  begin(peer: number): void {
    this.happen({ do: "shake", peer });
  }

  take(step: MachineStep): void {
    this.happen(step);
  }

  protected happen(step: MachineStep): void {
    const waits = step.do === "wait";
    if (waits) this.#letGo();
    const end = this.now + STEP_MS + (waits ? step.ms : 0);
    while (this.#keptAliveAt + KEEP_ALIVE_MS <= end) {
      this.#pass(this.#keptAliveAt + KEEP_ALIVE_MS);
      this.#keepAlive();
    }
    this.#pass(end);
    if (this.#over) return;
    this.#do(step);
    if (!this.#holding) this.#flush();
  }

  #do(step: MachineStep): void {
    switch (step.do) {
      case "wait":
        return;
      case "hold":
        this.#holding = true;
        return;
      case "raw":
        return this.#give(this.#address(step.from), step.bytes);
      case "act":
        return this.#act(this.now, step.what, step.text);
      case "deaf": {
        const peer = this.#peer(step.peer);
        peer.mute = !peer.mute;
        return;
      }
      case "shake": {
        const peer = this.#peer(step.peer);
        return this.#give(peer.address, peer.hello());
      }
      case "say": {
        const peer = this.#peer(step.peer);
        for (const packet of peer.say(this.now, step.bytes)) this.#give(peer.address, packet);
        return this.#confirmed(peer);
      }
      case "sealed": {
        const peer = this.#peer(step.peer);
        const packet = peer.seal(step.bytes, step.skip);
        if (packet !== undefined) this.#give(this.#address(step.from), packet);
        return this.#confirmed(peer);
      }
      case "answer": {
        const peer = this.#peer(step.peer);
        const at = this.#address(step.from);
        const packet = peer.answer();
        if (packet === undefined) return;
        if (peer.challengedAt !== undefined && sameAddress(at, peer.challengedAt)) {
          this.#account(at).proven = true;
        }
        return this.#give(at, packet);
      }
    }
  }

  #keepAlive(): void {
    this.#keptAliveAt = this.now;
    for (const peer of this.#honest) {
      const packet = peer.ping(this.now);
      if (packet !== undefined) this.#give(peer.address, packet);
    }
    this.#flush();
  }

  #confirmed(peer: KeyedPeer): void {
    if (peer.spoke) this.#account(peer.address).proven = true;
  }

  #address(index: number): Address {
    return this.addresses[index % this.addresses.length]!;
  }

  #peer(index: number): KeyedPeer {
    return this.peers[index % this.peers.length]!;
  }

  #account(address: Address): Account {
    const place = `${address.host}:${address.port}`;
    let account = this.#accounts.get(place);
    if (account === undefined) {
      account = { in: 0, out: 0, proven: this.#sought(address) };
      this.#accounts.set(place, account);
    }
    return account;
  }

  #give(from: Address, bytes: Uint8Array): void {
    if (this.#over) return;
    this.#account(from).in += bytes.length;
    this.#record(false, bytes);
    // The machine may keep views of what it is given, as of what a socket gives: it is never written to again.
    this.#machine.receive(this.now, from, Uint8Array.from(bytes));
  }

  #letGo(): void {
    if (this.#holding) this.#flush();
    this.#holding = false;
  }

  /** Time passes, and the machine is woken whenever it wants to be. */
  #pass(end: number): void {
    let atOnce = 0;
    while (!this.#over) {
      const next = this.#machine.nextWakeup();
      must(!Number.isNaN(next), "a wake-up has its moment", () => `${next}`);
      if (next > end) break;
      atOnce = next > this.now ? 0 : atOnce + 1;
      must(atOnce <= WAKES_AT_ONCE_MAX, "a wake-up leads onward", () => {
        return `woken at ${this.now} again and again, and wants it at ${next}`;
      });
      this.now = Math.max(this.now, next);
      this.#machine.wake(this.now);
      this.#flush();
    }
    this.now = Math.max(this.now, end);
  }

  /** The end of a turn: what the machine says goes to those it is for, and what they say to that comes back. */
  #flush(): void {
    for (let rounds = 0; !this.#over; rounds++) {
      must(rounds <= ROUNDS_MAX, "an end to answers", () => `${rounds} rounds at ${this.now}`);
      if (!this.#round(this.#machine.flush(this.now))) return;
    }
  }

  /** Returns whether there were answers, or more to say. */
  #round({ lines, datagrams, more = false, exit }: Output): boolean {
    for (const line of lines) mustBePrintable(lineText(line), "line");
    for (const { to, bytes } of datagrams) {
      const { length } = bytes;
      must(length <= DATAGRAM_GROWN_MAX_BYTES, "a datagram has its size", () => `${length} bytes`);
      const account = this.#account(to);
      account.out += length;
      const { in: got, out, proven } = account;
      must(proven || out <= got, UNPROVEN, () => `${to.host}: ${got} bytes in, ${out} out`);
      this.#record(true, bytes);
    }
    if (exit !== undefined) this.#over = true;
    let answered = more;
    for (const { to, bytes } of datagrams) {
      const peer = this.peers.find((_, at) => {
        return sameAddress(to, this.addresses[at]!) || sameAddress(to, this.#second(at));
      });
      for (const { from, bytes: answer } of peer?.receive(this.now, to, bytes) ?? []) {
        answered = true;
        this.#give(from, answer);
      }
      if (peer !== undefined) this.#confirmed(peer);
    }
    return answered;
  }

  #second(peer: number): Address {
    return this.addresses[this.peers.length + peer]!;
  }

  #record(fromMachine: boolean, bytes: Uint8Array): void {
    this.recorded.push({ fromMachine, bytes: Uint8Array.from(bytes) });
    if (this.recorded.length > RECORDED_MAX) this.recorded.shift();
  }
}

// Sets up a run and lets it happen: hosts in a network, users who type, faults at their time, checks that watch.
// Knows the order of the acts, not what the checks look for.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import type { Line } from "../../lib/chat/line.ts";
import type { Machine } from "../../lib/chat/machine.ts";
import { ServerMachine } from "../../lib/chat/server/server-machine.ts";
import { type KeyPair, keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { KEY_LIMITS, type KeyLimits } from "../../lib/transport/session/key-phases.ts";
import { toHex } from "../../lib/transport/wire/bytes.ts";
import { Prng } from "../support/prng.ts";
import { WELCOME } from "./commands.ts";
import type { Conditions } from "./conditions.ts";
import type { Conversations } from "./conversation.ts";
import { disturb, Disturbances } from "./disturbances.ts";
import { Network, type Seat } from "./network.ts";
import type { Options } from "./options.ts";
import type { End, Process } from "./process.ts";
import { RunHash } from "./run-hash.ts";
import { type Fault, type Scenario, seatOfUser, SERVER_SEAT } from "./scenario.ts";
import { User } from "./user.ts";
import { type Watcher, World } from "./world.ts";

const SERVER_ADDRESS = { host: "10.0.0.1", port: 5000 };
const CLIENT_PORT = 5555;
const NAMES = ["ann", "Bob", "cyd", "Dan", "eve", "fay"];

/** One who took a name that was free for a moment gives it back after this. */
const IMPOSTOR_STAYS_MS = 2_000;

export class Stage implements Watcher {
  readonly world: World;
  readonly disturbances = new Disturbances();
  readonly users: User[] = [];
  readonly #options: Options;
  readonly #scenario: Scenario;
  readonly #random: Prng;
  readonly #backMs = new Map<Process, number>();
  readonly #impostors = new Set<Process>();
  #faultsLeft: number;
  #keys = 0;
  /** The number of the server's key, once it has been started. */
  #serverKey: number | undefined;
  #seats: number;

  constructor(options: Options, scenario: Scenario, random: Prng) {
    this.#options = options;
    this.#scenario = scenario;
    this.#random = random;
    this.#faultsLeft = scenario.faults.length;
    this.#seats = options.clients + 1;
    const { logMs, tickMs } = options;
    const network = new Network(random.fork(), this.#pathConditions(random.fork()));
    this.world = new World(network, new RunHash(), { logMs, tickMs });
  }

  /** Everyone takes a seat; nothing has happened yet. */
  open(conversations: Conversations): void {
    const { clients } = this.#options;
    const { world } = this;
    world.network.place(SERVER_SEAT, SERVER_ADDRESS);
    const names = NAMES.slice(0, clients);
    for (let number = 0; number < clients; number++) {
      const seat = seatOfUser(number);
      world.network.place(seat, { host: `10.0.0.${seat + 1}`, port: CLIENT_PORT });
      const script = this.#scenario.scripts[number] ?? [];
      const launch = (): Process => this.#startClient(seat, names[number]!);
      const random = this.#random.fork();
      const user = new User(world, conversations, { number, names, script, random, launch });
      this.users.push(user);
      world.at(random.float() * this.#options.thinkMs, (now) => user.launch(now));
    }
    this.#startServer();
    for (const { atMs, fault } of this.#scenario.faults) {
      world.at(atMs, () => {
        this.#faultsLeft--;
        world.note(`fault ${JSON.stringify(fault)}`);
        this.#happen(fault);
      });
    }
  }

  /** Whether all lines are typed and answered, and all faults are over. */
  get played(): boolean {
    return this.#faultsLeft === 0 && this.users.every((user) => user.done);
  }

  /** Whether everyone is there and waits for nothing. */
  get idle(): boolean {
    return this.users.every((user) => user.idle);
  }

  /** From now on all is well: the network is whole, the server is up, nobody types the rest of a script. */
  heal(): void {
    const { world } = this;
    world.note("healed");
    world.network.heal();
    this.disturbances.end(world.now);
    for (const user of this.users) user.rest();
    for (const process of this.#impostors) world.kill(process);
  }

  ended(now: number, process: Process, _end: End): void {
    const backMs = this.#backMs.get(process);
    if (process.seat === SERVER_SEAT) this.world.at(now + (backMs ?? 0), () => this.#startServer());
    else if (!this.#impostors.has(process)) this.#userAt(process.seat)?.onEnded(now, backMs);
  }

  shown(now: number, process: Process, lines: readonly Line[]): void {
    if (process.seat === SERVER_SEAT) return;
    if (!this.#impostors.has(process)) this.#userAt(process.seat)?.onShown(now);
    else if (lines.some(({ text }) => text === WELCOME)) {
      this.world.at(now + IMPOSTOR_STAYS_MS, () => this.#type(process, `dereg ${process.name}`));
    }
  }

  #userAt(seat: Seat): User | undefined {
    return this.users[seat - seatOfUser(0)];
  }

  #type(process: Process, line: string): void {
    if (!process.running) return;
    for (const watcher of this.world.watchers) watcher.typed?.(this.world.now, process, line);
    this.world.act(process, (local) => (process.machine as ClientMachine).line(local, line));
  }

  #happen(fault: Fault): void {
    const { world } = this;
    switch (fault.kind) {
      case "crash":
      case "interrupt": {
        const process = world.running(fault.seat);
        if (process === undefined) return;
        this.#backMs.set(process, fault.backMs);
        if (fault.kind === "crash") return world.kill(process);
        return world.act(process, (local) => (process.machine as ClientMachine).interrupt(local));
      }
      case "impostor": {
        const seat = this.#seats++;
        world.network.place(seat, { host: `10.0.0.${seat + 1}`, port: CLIENT_PORT });
        this.#impostors.add(this.#startClient(seat, NAMES[fault.as]!));
        return;
      }
      case "move":
        for (let number = 0; number < this.#options.clients; number++) {
          const moved = { kind: "rebind", seat: seatOfUser(number) } as const;
          disturb(world, this.disturbances, moved, this.#seats);
        }
        return;
      default:
        disturb(world, this.disturbances, fault, this.#seats);
    }
  }

  #startServer(): void {
    const { limits = {}, serverKeyKept = false, mayGrow = false } = this.#options;
    if (!serverKeyKept || this.#serverKey === undefined) this.#serverKey = this.#keys++;
    const keyPair = keyPairOf(this.#serverKey);
    const random = this.#source();
    const { port } = SERVER_ADDRESS;
    const machine = new ServerMachine({
      keyPair,
      random,
      port,
      log: "outside",
      limits,
      mayGrow: () => mayGrow,
    });
    this.#start(SERVER_SEAT, "", keyPair, machine);
  }

  #startClient(seat: Seat, name: string): Process {
    const keyPair = keyPairOf(this.#keys++);
    const random = this.#source();
    const { serverKeyKept = false, mayGrow = false } = this.#options;
    const machine = new ClientMachine({
      name,
      server: SERVER_ADDRESS,
      keyPair,
      random,
      keyLimits: keyLimitsOf(this.#options),
      mayGrow: () => mayGrow,
      ...(serverKeyKept ? { serverKey: "first" } : {}),
    });
    return this.#start(seat, name, keyPair, machine);
  }

  #start(seat: Seat, name: string, keyPair: KeyPair, machine: Machine): Process {
    const random = this.#random;
    const { clockDrift } = this.#options;
    return this.world.start({
      seat,
      name,
      key: toHex(keyPair.publicKey),
      machine,
      clockOffsetMs: random.float() * CLOCK_OFFSET_MAX_MS,
      clockRate: 1 + (2 * random.float() - 1) * clockDrift,
    });
  }

  #source(): (count: number) => Uint8Array {
    const random = this.#random.fork();
    return (count) => random.bytes(count);
  }

  #pathConditions(random: Prng): (from: Seat, to: Seat) => Conditions {
    const { conditions, asymmetry } = this.#options;
    if (asymmetry === 1) return () => conditions;
    const base = random.u32();
    return (from, to) => {
      // Each direction has its own share of the loss, whatever the order in which they are first used.
      const share = new Prng(base + from * 256 + to).float();
      return { ...conditions, loss: conditions.loss / (1 + share * (asymmetry - 1)) };
    };
  }
}

const keyLimitsOf = ({ rekey, sessionPackets }: Options): KeyLimits => ({
  ...KEY_LIMITS,
  ...(rekey === undefined
    ? {}
    : { rekeyAfterMs: rekey.afterMs, rekeyAfterPackets: rekey.afterPackets }),
  ...(rekey?.rejectAfterMs === undefined ? {} : { rejectAfterMs: rekey.rejectAfterMs }),
  ...(sessionPackets === undefined ? {} : { rejectAfterPackets: sessionPackets }),
});

/** Clocks begin anywhere: a day apart at most. */
const CLOCK_OFFSET_MAX_MS = 86_400_000;

const keyPairs: KeyPair[] = [];

/** Key pairs are the same in each run, since making them costs more than anything else about a process. */
const keyPairOf = (number: number): KeyPair => {
  let keyPair = keyPairs[number];
  if (keyPair === undefined) {
    keyPair = keyPairFrom(new Prng(number + 1).bytes(32));
    keyPairs[number] = keyPair;
  }
  return keyPair;
};

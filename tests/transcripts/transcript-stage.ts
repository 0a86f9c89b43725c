// Plays a transcript with machines in virtual time. Knows how programs are started and typed into, not what they say.

import { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { ServerMachine } from "../../lib/chat/server/server-machine.ts";
import { keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { MachineNetwork, type Node, type Weather } from "../support/network.ts";
import { Prng } from "../support/prng.ts";
import type { Action, Expectation, Transcript } from "../support/transcript.ts";

/** A step is over when nothing was shown for so long: more than a report takes and the server's own question. */
const SETTLED_MS = 4_000;

const HOST = "127.0.0.1";

/** What one program showed in one step, and how it stands behind it. */
export interface Seen {
  readonly lines: readonly string[];
  readonly prompt: string | undefined;
  readonly status: number | undefined;
}

class TranscriptStage {
  readonly #network: MachineNetwork;
  readonly #nodes = new Map<string, Node<ClientMachine | ServerMachine>>();
  readonly #random: Prng;

  constructor(seed: number, weather: Weather) {
    this.#random = new Prng(seed);
    this.#network = new MachineNetwork(seed, weather);
  }

  /** Takes a step, waits until all is quiet, and says what every program has shown since. */
  take(action: Action): Map<string, Seen> {
    for (const node of this.#nodes.values()) node.takeShown();
    if (action.kind === "start") this.#start(action.label, action.argv);
    else this.#act(action);
    this.#settle();
    return new Map(
      [...this.#nodes].map(([label, { shown, status, machine }]) => {
        const prompt = machine instanceof ClientMachine ? machine.prompt : undefined;
        return [label, { lines: [...shown], prompt, status }];
      }),
    );
  }

  #start(label: string, argv: readonly string[]): void {
    const random = (count: number) => this.#random.bytes(count);
    const keyPair = keyPairFrom(random(32));
    const [program, ...words] = argv;
    if (program === "server.ts") {
      const port = Number(words[0]);
      const machine = new ServerMachine({ keyPair, random, port });
      this.#nodes.set(label, this.#network.add(port, machine, HOST));
      return;
    }
    const [name = "", , serverPort, port] = words;
    const server = { host: HOST, port: Number(serverPort) };
    const machine = new ClientMachine({ name, server, keyPair, random });
    this.#nodes.set(label, this.#network.add(Number(port), machine, HOST));
  }

  #act(action: Exclude<Action, { kind: "start" }>): void {
    const node = this.#nodes.get(action.label);
    if (node === undefined) throw new Error(`${action.label} was not started`);
    this.#network.act(node, (machine, now) => {
      if (action.kind === "interrupt") machine.interrupt(now);
      else if (machine instanceof ClientMachine) machine.line(now, action.text);
    });
  }

  #settle(): void {
    const count = () => [...this.#nodes.values()].reduce((sum, { shown }) => sum + shown.length, 0);
    for (let shown = -1; shown !== count();) {
      shown = count();
      this.#network.run(SETTLED_MS);
    }
  }
}

/** What a step should have shown, in the form of what was seen: `undefined` where it does not say. */
const expectedOf = (label: string, expected: readonly Expectation[]) => {
  const mine = expected.filter((one) => one.label === label);
  return {
    lines: mine.filter((one) => one.kind === "line").map(({ text }) => text),
    prompt: mine.find((one) => one.kind === "prompt")?.text,
    status: mine.find((one) => one.kind === "end")?.status,
  };
};

/** Plays a whole transcript and calls back with what each program should have shown and what it did. */
export const playInMemory = (
  transcript: Transcript,
  seed: number,
  weather: Weather,
  compare: (
    where: string,
    label: string,
    wanted: ReturnType<typeof expectedOf>,
    seen: Seen,
  ) => void,
): void => {
  const stage = new TranscriptStage(seed, weather);
  for (const { where, action, expected } of transcript.steps) {
    for (const [label, seen] of stage.take(action)) {
      compare(`${where} (${label})`, label, expectedOf(label, expected), seen);
    }
  }
};

// Reads transcripts: what is typed into the programs and what they show (tests/transcripts/README.md has the form).
// Knows nothing of how they are played.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is done to a program. */
export type Action =
  | { readonly kind: "start"; readonly label: string; readonly argv: readonly string[] }
  | { readonly kind: "type"; readonly label: string; readonly text: string }
  | { readonly kind: "interrupt"; readonly label: string };

/** What a program then shows, prompts, or ends with. */
export type Expectation =
  | { readonly kind: "line"; readonly label: string; readonly text: string }
  | { readonly kind: "prompt"; readonly label: string; readonly text: string }
  | { readonly kind: "end"; readonly label: string; readonly status: number };

export interface Step {
  /** Where it stands, for messages: `2.2-chatting.txt:12`. */
  readonly where: string;
  readonly action: Action;
  readonly expected: readonly Expectation[];
}

export interface Transcript {
  /** File and title. */
  readonly name: string;
  readonly steps: readonly Step[];
}

const FOLDER = join(import.meta.dir, "..", "transcripts");

const START = /^\$ (\S+): (.+)$/;
const TYPED = /^(\S+) <(?: (.*))?$/;
const SHOWN = /^(\S+) > (.*)$/;
const INTERRUPT = /^(\S+) \^C$/;
const PROMPT = /^(\S+) prompt (.*)$/;
const ENDS = /^(\S+) ends (\d+)$/;

const readAction = (line: string): Action | undefined => {
  const start = START.exec(line);
  if (start !== null)
    return { kind: "start", label: start[1] ?? "", argv: (start[2] ?? "").split(" ") };
  const interrupt = INTERRUPT.exec(line);
  if (interrupt !== null) return { kind: "interrupt", label: interrupt[1] ?? "" };
  const typed = TYPED.exec(line);
  if (typed !== null) return { kind: "type", label: typed[1] ?? "", text: typed[2] ?? "" };
  return undefined;
};

const readExpectation = (line: string): Expectation | undefined => {
  const shown = SHOWN.exec(line);
  if (shown !== null) return { kind: "line", label: shown[1] ?? "", text: shown[2] ?? "" };
  const prompt = PROMPT.exec(line);
  if (prompt !== null)
    return { kind: "prompt", label: prompt[1] ?? "", text: `${prompt[2] ?? ""} ` };
  const ends = ENDS.exec(line);
  if (ends !== null) return { kind: "end", label: ends[1] ?? "", status: Number(ends[2]) };
  return undefined;
};

/** The cases of one file. Throws on a line that means nothing: the data is ours. */
const readTranscripts = (file: string, text: string): Transcript[] => {
  const transcripts: {
    name: string;
    steps: { where: string; action: Action; expected: Expectation[] }[];
  }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const where = `${file}:${index + 1}`;
    if (line === "") continue;
    if (line.startsWith("# ")) {
      transcripts.push({ name: `${file}: ${line.slice(2)}`, steps: [] });
      continue;
    }
    const steps = transcripts.at(-1)?.steps;
    const action = readAction(line);
    if (action !== undefined) {
      steps?.push({ where, action, expected: [] });
      continue;
    }
    const expectation = readExpectation(line);
    const expected = steps?.at(-1)?.expected;
    if (expectation === undefined || expected === undefined)
      throw new Error(`${where}: not understood: ${line}`);
    expected.push(expectation);
  }
  return transcripts;
};

/** Every transcript there is, file by file. */
export const allTranscripts = (): Transcript[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .toSorted()
    .flatMap((file) => readTranscripts(file, readFileSync(join(FOLDER, file), "utf8")));

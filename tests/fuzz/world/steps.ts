// What can happen to a machine that is fuzzed, each as one line of text: time passes, datagrams come from anybody, peers
// with keys speak, and its own user acts.

import { PLAINEST_UNIT, quoted, textOfUnits, unitsOf, unquoted } from "../draw/text.ts";
import { smallerThan } from "../shrink.ts";
import { readBytes, readUtf8, writeBytes, writeUtf8 } from "../targets/plain.ts";

export type MachineStep =
  | { readonly do: "wait"; readonly ms: number }
  /** What comes now comes in one turn of the loop, until time passes. */
  | { readonly do: "hold" }
  /** These bytes from this address, one of the world's. */
  | { readonly do: "raw"; readonly from: number; readonly bytes: Uint8Array }
  /** A peer begins a handshake. */
  | { readonly do: "shake"; readonly peer: number }
  /** A peer seals these frames into a packet that is `skip` numbers ahead, and sends it from this address. */
  | {
      readonly do: "sealed";
      readonly peer: number;
      readonly from: number;
      readonly skip: number;
      readonly bytes: Uint8Array;
    }
  /** A peer says a message on its stream. */
  | { readonly do: "say"; readonly peer: number; readonly bytes: Uint8Array }
  /** A peer answers the newest challenge, from this address. */
  | { readonly do: "answer"; readonly peer: number; readonly from: number }
  /** A peer hears nothing from now on, or hears again. */
  | { readonly do: "deaf"; readonly peer: number }
  /** The machine's user, or the layer above it, does something. */
  | { readonly do: "act"; readonly what: string; readonly text: string };

const writeStep = (step: MachineStep): string => {
  switch (step.do) {
    case "wait":
      return `wait ${step.ms}`;
    case "hold":
      return "hold";
    case "raw":
      return `raw ${step.from} ${writeBytes(step.bytes)}`;
    case "shake":
      return `shake ${step.peer}`;
    case "sealed":
      return `sealed ${step.peer} ${step.from} ${step.skip} ${writeBytes(step.bytes)}`;
    case "say":
      return `say ${step.peer} ${writeUtf8(step.bytes)}`;
    case "answer":
      return `answer ${step.peer} ${step.from}`;
    case "deaf":
      return `deaf ${step.peer}`;
    case "act":
      return `act ${step.what} ${quoted(step.text)}`;
  }
};

const SHAPES = {
  wait: /^wait (\d+)$/,
  hold: /^hold$/,
  raw: /^raw (\d+) (.+)$/,
  shake: /^shake (\d+)$/,
  sealed: /^sealed (\d+) (\d+) (-?\d+) (.+)$/,
  say: /^say (\d+) (.+)$/,
  answer: /^answer (\d+) (\d+)$/,
  deaf: /^deaf (\d+)$/,
  act: /^act (\S+) (.+)$/,
} as const;

const readStep = (line: string): MachineStep | undefined => {
  const [kind = ""] = line.split(" ", 1);
  if (!Object.hasOwn(SHAPES, kind)) return undefined;
  const parts = SHAPES[kind as keyof typeof SHAPES].exec(line)?.slice(1);
  if (parts === undefined) return undefined;
  const [first = "", second = "", third = "", fourth = ""] = parts;
  switch (kind as keyof typeof SHAPES) {
    case "wait":
      return { do: "wait", ms: Number(first) };
    case "hold":
      return { do: "hold" };
    case "raw": {
      const bytes = readBytes(second);
      return bytes && { do: "raw", from: Number(first), bytes };
    }
    case "shake":
      return { do: "shake", peer: Number(first) };
    case "sealed": {
      const bytes = readBytes(fourth);
      const [peer, from, skip] = [Number(first), Number(second), Number(third)];
      return bytes && { do: "sealed", peer, from, skip, bytes };
    }
    case "say": {
      const bytes = readUtf8(second);
      return bytes && { do: "say", peer: Number(first), bytes };
    }
    case "answer":
      return { do: "answer", peer: Number(first), from: Number(second) };
    case "deaf":
      return { do: "deaf", peer: Number(first) };
    case "act": {
      const text = unquoted(second);
      return text === undefined ? undefined : { do: "act", what: first, text };
    }
  }
};

/** What a machine's target has in common with all others of its kind. */
export const STEPS = {
  write: writeStep,
  read: readStep,
  contents(step: MachineStep): readonly number[] {
    if ("bytes" in step) return [...step.bytes];
    return step.do === "act" ? unitsOf(step.text) : [];
  },
  withContents(step: MachineStep, contents: readonly number[]): MachineStep {
    if ("bytes" in step) return { ...step, bytes: Uint8Array.from(contents) };
    return step.do === "act" ? { ...step, text: textOfUnits(contents) } : step;
  },
  simpler(step: MachineStep): readonly MachineStep[] {
    const simpler: MachineStep[] = [];
    if (step.do === "wait" && step.ms > 0) {
      simpler.push(...smallerThan(step.ms).map((ms) => ({ ...step, ms })));
    }
    if ("from" in step && step.from > 0) simpler.push({ ...step, from: 0 });
    if (step.do === "sealed" && step.skip !== 0) simpler.push({ ...step, skip: 0 });
    return simpler;
  },
  plainest: (step: MachineStep) => (step.do === "sealed" || step.do === "raw" ? 0 : PLAINEST_UNIT),
} as const;

// Every transcript, played with the machines of server and clients in virtual time: on a good network and on a bad one.

import { describe, expect, test } from "bun:test";

import { FAIR, FOUL, type Weather } from "../support/network.ts";
import { allTranscripts, type Transcript } from "../support/transcript.ts";
import { playInMemory } from "./transcript-stage.ts";

const check = (transcript: Transcript, seed: number, weather: Weather): void => {
  const ended = new Map<string, number>();
  playInMemory(transcript, seed, weather, (where, label, wanted, seen) => {
    const status = wanted.status ?? ended.get(label);
    if (status !== undefined) ended.set(label, status);
    const { lines } = wanted;
    expect({ where, lines: seen.lines, status: seen.status }).toEqual({ where, lines, status });
    if (wanted.prompt === undefined) return;
    expect({ where, prompt: seen.prompt }).toEqual({ where, prompt: wanted.prompt });
  });
};

const CASES = allTranscripts().map((transcript) => [transcript.name, transcript] as const);

describe("on a good network", () => {
  test.each(CASES)("%s", (_name, transcript) => check(transcript, 1, FAIR));
});

describe("where a fifth of all datagrams is lost", () => {
  test.each(CASES)("%s", (_name, transcript) => {
    for (const seed of [1, 2, 3]) check(transcript, seed, FOUL);
  });
});

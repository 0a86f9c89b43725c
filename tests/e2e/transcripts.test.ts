// Every transcript, played with the real programs: at real terminals, typed as a user would, and without any terminal.

import { describe, setDefaultTimeout, test } from "bun:test";

import { allTranscripts } from "../support/transcript.ts";
import { turns } from "../support/turns.ts";
import { playAtTerminals, playInPipes } from "./transcript-programs.ts";

setDefaultTimeout(180_000);

/** Most of the time a play waits for someone who does not answer. More at once would only slow each other down. */
const AT_ONCE = 6;

const inTurn = turns(AT_ONCE);
const CASES = allTranscripts().map((transcript) => [transcript.name, transcript] as const);

describe("at terminals", () => {
  test.concurrent.each(CASES)("%s", (_name, transcript) =>
    inTurn(() => playAtTerminals(transcript)),
  );
});

describe("in pipes", () => {
  test.concurrent.each(CASES)("%s", (_name, transcript) => inTurn(() => playInPipes(transcript)));
});

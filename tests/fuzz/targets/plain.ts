// Targets without a state, whose inputs are bytes or text: what all of them have in common.

import { fromHex } from "../../../lib/transport/wire/bytes.ts";
import type { Prng } from "../../support/prng.ts";
import { PLAINEST_UNIT, quoted, textOfUnits, unitsOf, unquoted } from "../draw/text.ts";
import type { Target } from "../target.ts";

/** Enough that beginning a case costs nothing, few enough that the steps need not be thrown away. */
const STEPS_PER_CASE = 500;

interface Plain<Input> {
  readonly name: string;
  readonly about: string;
  readonly draw: (random: Prng, kept: readonly Input[]) => Input;
  readonly take: (input: Input) => void;
}

/** A text file has no empty lines between the steps of a case. */
const NO_BYTES = "-";

export const writeBytes = (bytes: Uint8Array): string =>
  bytes.length === 0 ? NO_BYTES : bytes.toHex();
export const readBytes = (line: string): Uint8Array | undefined =>
  line === NO_BYTES ? new Uint8Array(0) : fromHex(line.replaceAll(" ", ""));

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** As text where it is text, which begins with a quotation mark, else as bytes. */
export const writeUtf8 = (bytes: Uint8Array): string => {
  try {
    return quoted(strictUtf8.decode(bytes));
  } catch {
    return writeBytes(bytes);
  }
};

export const readUtf8 = (line: string): Uint8Array | undefined => {
  if (!line.startsWith('"')) return readBytes(line);
  const text = unquoted(line);
  return text === undefined ? undefined : utf8.encode(text);
};

export const bytesTarget = ({
  name,
  about,
  draw,
  take,
}: Plain<Uint8Array>): Target<Uint8Array> => ({
  name,
  about,
  stepsPerCase: STEPS_PER_CASE,
  begin: () => ({ take }),
  draw: (random, _, kept) => draw(random, kept),
  write: writeBytes,
  read: readBytes,
  contents: (bytes) => [...bytes],
  withContents: (_, contents) => Uint8Array.from(contents),
  plainest: () => 0,
});

export const textTarget = ({ name, about, draw, take }: Plain<string>): Target<string> => ({
  name,
  about,
  stepsPerCase: STEPS_PER_CASE,
  begin: () => ({ take }),
  draw: (random, _, kept) => draw(random, kept),
  write: quoted,
  read: unquoted,
  contents: unitsOf,
  withContents: (_, contents) => textOfUnits(contents),
  plainest: () => PLAINEST_UNIT,
});

// Typed lines as text: what they mean in both modes, and what they may become.

import {
  COMMANDS,
  completeLine,
  helpLines,
  type Mode,
  type ParsedLine,
  parseLine,
} from "../../../lib/chat/client/commands.ts";
import { foldName } from "../../../lib/chat/names.ts";
import type { Prng } from "../../support/prng.ts";
import { anyText, damagedText } from "../draw/text.ts";
import { must } from "../target.ts";
import { textTarget } from "./plain.ts";

const MODES: readonly Mode[] = ["lobby", "group"];
const KNOWN = { user: ["ann", "ben", "Иван", "ann-2"], self: ["ann"], group: ["tea", "team", "t"] };

/** A command's word, and words behind it that are more or less what it takes. */
export const anyLine = (random: Prng, kept: readonly string[]): string => {
  if (random.chance(0.3)) return damagedText(random, random.pick(kept) ?? "", kept);
  const words: string[] = [random.pick(COMMANDS).name];
  for (let count = random.below(4); count > 0; count--) {
    const known = random.pick([...KNOWN.user, ...KNOWN.group]);
    words.push(random.chance(0.6) ? known : anyText(random, 4));
  }
  return words.join(random.pick([" ", " ", " ", "  ", "\t"]));
};

/** `parse`: the parser under test. */
export const commands = (parse = parseLine) =>
  textTarget({
    name: "commands",
    about: "parseLine, completeLine",
    draw: anyLine,
    take(line) {
      for (const mode of MODES) {
        checkParsed(parse(line, mode), line, mode);
        checkCompletion(line, mode);
      }
    },
  });

const checkParsed = (parsed: ParsedLine, line: string, mode: Mode): void => {
  if (parsed.kind === "invalid") {
    must(line.includes(parsed.word), "an invalid word was typed", () => parsed.word);
  }
  if (parsed.kind !== "command") return;
  const { name, words } = parsed;
  const { modes, takes } = COMMANDS.find((command) => command.name === name)!;
  const usable = (modes as readonly Mode[]).includes(mode);
  must(usable, "a command works in its modes only", () => `${name} in ${mode}`);
  must(words.length === takes.length, "a command has its words", () => JSON.stringify(words));
  for (const word of words) {
    const typed = line.includes(word) && /[^ \t]/.test(word);
    must(typed, "words are as they were typed", () => JSON.stringify(word));
  }
  must(helpLines(mode).length > 0, "there is help", () => mode);
};

const checkCompletion = (line: string, mode: Mode): void => {
  const [candidates, part] = completeLine(line, mode, KNOWN);
  must(line.endsWith(part), "what is completed stands at the end", () => JSON.stringify(part));
  for (const candidate of candidates) {
    const longer = foldName(candidate).startsWith(foldName(part));
    must(longer, "a candidate begins as what was typed", () => JSON.stringify(candidate));
  }
};

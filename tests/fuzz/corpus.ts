// The corpus: cases worth keeping, a file of text for each target. A case is its name behind `#`, then a step a line; an
// empty line ends it. Knows nothing of what the steps say.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface KeptCase {
  readonly name: string;
  readonly steps: readonly string[];
}

const fileOf = (target: string): string => join(import.meta.dir, "corpus", `${target}.txt`);

/** Every case of a target, in the order of its file. */
export const casesOf = (target: string): KeptCase[] => {
  const file = fileOf(target);
  return existsSync(file) ? parseCases(readFileSync(file, "utf8")) : [];
};

const parseCases = (text: string): KeptCase[] =>
  text.split(/\n\n+/).flatMap((block) => {
    const lines = block.split("\n").filter((line) => line !== "");
    const names = lines.filter((line) => line.startsWith("#"));
    const steps = lines.filter((line) => !line.startsWith("#"));
    return steps.length === 0 ? [] : [{ name: names.join(" ").replace(/^# */, ""), steps }];
  });

/** Adds a case for ever: the tests replay it. */
export const keepCase = (target: string, { name, steps }: KeptCase): void => {
  const begun = existsSync(fileOf(target));
  const text = `# ${name.replaceAll(/\s+/g, " ")}\n${steps.join("\n")}\n`;
  appendFileSync(fileOf(target), begun ? `\n${text}` : text);
};

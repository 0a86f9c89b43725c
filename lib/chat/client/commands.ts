// The commands of the client, as data: parsing, usage, help and completion all follow from one table.
// Knows words, not what they do.

import { foldName } from "../names.ts";
import { printable } from "../printable.ts";

/** Where a command can be given: outside of groups, or inside one. */
export type Mode = "lobby" | "group";

/** What an argument is. `text` is the rest of the line with all its spaces; the others are one word each. */
type ArgumentKind = "user" | "self" | "group" | "text";

interface Argument {
  /** As the usage line shows it. */
  readonly label: string;
  readonly kind: ArgumentKind;
}

interface CommandShape {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** In order; `text` only at the end. */
  readonly takes: readonly Argument[];
  readonly help: string;
}

const LOBBY: readonly Mode[] = ["lobby"];
const GROUP: readonly Mode[] = ["group"];
const BOTH: readonly Mode[] = ["lobby", "group"];

const USER: Argument = { label: "name", kind: "user" };
const SELF: Argument = { label: "name", kind: "self" };
const GROUP_NAME: Argument = { label: "group", kind: "group" };
const TEXT: Argument = { label: "message", kind: "text" };

/** Every command there is, in the order in which `help` shows them. */
export const COMMANDS = [
  { name: "send", modes: BOTH, takes: [USER, TEXT], help: "send a message to one user" },
  { name: "create_group", modes: LOBBY, takes: [GROUP_NAME], help: "create a group" },
  { name: "list_groups", modes: LOBBY, takes: [], help: "list all groups" },
  { name: "join_group", modes: LOBBY, takes: [GROUP_NAME], help: "enter a group" },
  { name: "send_group", modes: GROUP, takes: [TEXT], help: "send a message to the group" },
  { name: "list_members", modes: GROUP, takes: [], help: "list who is in the group" },
  {
    name: "leave_group",
    modes: GROUP,
    takes: [],
    help: "leave the group and read what came meanwhile",
  },
  { name: "dereg", modes: BOTH, takes: [SELF], help: "sign off with your own name, and end" },
  { name: "help", modes: BOTH, takes: [], help: "show this list" },
] as const satisfies readonly CommandShape[];

export type CommandName = (typeof COMMANDS)[number]["name"];

/** What a typed line is. `invalid` is no command here; `usage` is one, with words missing or too many. */
export type ParsedLine =
  | { readonly kind: "empty" }
  | { readonly kind: "command"; readonly name: CommandName; readonly words: readonly string[] }
  | { readonly kind: "invalid"; readonly word: string }
  | { readonly kind: "usage"; readonly usage: string };

/** What parts words; any other space is something to say. */
const BLANK = /^[ \t]*$/;
const WORD = /^[ \t]*([^ \t]+)/;

const usable = (mode: Mode): readonly (CommandShape & { readonly name: CommandName })[] =>
  COMMANDS.filter((command) => (command.modes as readonly Mode[]).includes(mode));

const usage = (command: CommandShape): string =>
  [command.name, ...command.takes.map((argument) => `<${argument.label}>`)].join(" ");

/** The arguments in what follows the command's word, or undefined when there are too few or too many. */
const takeArguments = (command: CommandShape, rest: string): string[] | undefined => {
  const words: string[] = [];
  let left = rest;
  for (const argument of command.takes) {
    if (argument.kind === "text") {
      // One space parts the message from what is before it; all others belong to the message.
      const text = left.slice(1);
      if (BLANK.test(text)) return undefined;
      words.push(text);
      left = "";
      continue;
    }
    const match = WORD.exec(left);
    if (match === null) return undefined;
    words.push(match[1] ?? "");
    left = left.slice(match[0].length);
  }
  return BLANK.test(left) ? words : undefined;
};

/** Reads one typed line, without its line end, as it is meant in this mode. */
export const parseLine = (line: string, mode: Mode): ParsedLine => {
  const match = WORD.exec(line);
  if (match === null) return { kind: "empty" };
  const word = match[1] ?? "";
  const command = usable(mode).find((one) => one.name === word);
  if (command === undefined) return { kind: "invalid", word };
  const words = takeArguments(command, line.slice(match[0].length));
  if (words === undefined) return { kind: "usage", usage: usage(command) };
  return { kind: "command", name: command.name, words };
};

/** The lines of `help` for this mode. */
export const helpLines = (mode: Mode): readonly string[] => {
  const commands = usable(mode);
  const width = Math.max(...commands.map((command) => usage(command).length));
  return commands.map((command) => `${usage(command).padEnd(width)}  ${command.help}`);
};

/** What names can stand where, for completion. */
interface KnownNames {
  readonly user: readonly string[];
  readonly self: readonly string[];
  readonly group: readonly string[];
}

/**
 * What the last word of an unfinished line may become: the candidates and the part of the line they stand for, in the
 * form that readline's completer returns.
 */
export const completeLine = (
  line: string,
  mode: Mode,
  known: KnownNames,
): [readonly string[], string] => {
  const words = line.split(/[ \t]+/);
  if (words[0] === "") words.shift();
  const part = words.at(-1) ?? "";
  if (words.length <= 1) {
    const commands = usable(mode).filter(({ name }) => name.startsWith(part));
    return [commands.map(({ name, takes }) => (takes.length > 0 ? `${name} ` : name)), part];
  }
  const takes: readonly Argument[] =
    usable(mode).find(({ name }) => name === words[0])?.takes ?? [];
  const argument = takes[words.length - 2];
  if (argument === undefined || argument.kind === "text") return [[], part];
  const end = words.length - 1 === takes.length ? "" : " ";
  const folded = foldName(part);
  // What is completed is shown as it is: no name that a server made up must get there.
  const names = known[argument.kind].filter(
    (name) => foldName(name).startsWith(folded) && printable(name) === name,
  );
  return [names.map((name) => name + end), part];
};

// What a typed line ends in: the line on the screen that says so. From what users are promised alone; shares nothing with
// the product's parser.

import type { Line } from "../../lib/chat/line.ts";

/** Who sees this is registered. */
export const WELCOME = "[Welcome, You are registered.]";

/** How a typed line ended; "part": this line belongs to it and does not end it. */
export type Outcome =
  | "part"
  | "done"
  | "delivered"
  | "not_delivered"
  | "no_such_user"
  | "received"
  | "refused"
  | "invalid";

export interface Expectation {
  /** The command's word. */
  readonly word: string;
  /** Whether other lines may run at the same time: messages only. */
  readonly message: boolean;
  /** For a direct message: the folded name of the receiver. */
  readonly to?: string;
  /** The text of a message. */
  readonly text?: string;
  /** What a line of the screen that nobody else said means for this command; undefined: nothing. */
  readonly outcome: (line: Line) => Outcome | undefined;
  /** It shows nothing at all. */
  readonly silent?: boolean;
}

type Test = readonly [RegExp | string, Outcome];

const matches = (text: string, test: RegExp | string): boolean =>
  typeof test === "string" ? text === test : test.test(text);

const firstOf =
  (tests: readonly Test[]) =>
  ({ text }: Line): Outcome | undefined =>
    tests.find(([test]) => matches(text, test))?.[1];

/** In a group without brackets. */
const invalid = (word: string): Test[] => [
  [`[Invalid command: ${word}]`, "invalid"],
  [`Invalid command: ${word}`, "invalid"],
];

const REFUSED = /^\[Group \S+ not \w+: (It|You|The|There|No) .*\]$/;

const simple = (word: string, ...tests: Test[]): Expectation => ({
  word,
  message: false,
  outcome: firstOf([...tests, ...invalid(word), [`[Usage: ${word}`, "refused"]]),
});

/** What stands before the first space, and what behind it. */
const cut = (text: string): [before: string, behind: string] => {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
};

/** What is expected of a typed line. `own` is the folded name of the user. */
export const expectationOf = (line: string, own: string): Expectation => {
  const [word, rest] = cut(line);
  const [first, text] = cut(rest);
  switch (word) {
    case "":
      return { word, message: false, silent: true, outcome: () => undefined };
    case "send":
      if (text === "") return usage(word, "send <name> <message>");
      return direct(first.toLowerCase(), text);
    case "send_group":
      return {
        ...simple(
          word,
          ["[Message received by Server.]", "received"],
          [/^\[Message to group \S+ not delivered: /, "refused"],
        ),
        message: true,
        text: rest,
      };
    case "create_group":
      if (first === "") return usage(word, "create_group <group>");
      return simple(
        word,
        [`[Group ${first} created by Server.]`, "done"],
        [`[Group \`${first}\` already exists.]`, "refused"],
        [/^\[Invalid group name: /, "refused"],
        [REFUSED, "refused"],
      );
    case "join_group":
      return simple(
        word,
        [`[Entered group ${first} successfully!]`, "done"],
        [`[Group \`${first}\` does not exist.]`, "refused"],
        [REFUSED, "refused"],
      );
    case "list_groups":
      return simple(word, ["[Available group chats:]", "done"]);
    case "list_members":
      return simple(
        word,
        [/^\[Members in the group \S+:\]$/, "done"],
        [/^\[No members of/, "refused"],
      );
    case "leave_group":
      return simple(word, [/^\[Leave group chat \S+\]$/, "done"]);
    case "dereg":
      return first.toLowerCase() === own
        ? simple(word, [/^\[Leave group chat \S+\]$/, "part"], ["[You are Offline. Bye.]", "done"])
        : simple(word, ["[You can only deregister yourself.]", "refused"]);
    case "help":
      return simple(word, ["[Commands:]", "done"]);
    default:
      return { word, message: false, outcome: firstOf(invalid(word)) };
  }
};

const usage = (word: string, shown: string): Expectation => ({
  word,
  message: false,
  outcome: firstOf([[`[Usage: ${shown}]`, "refused"], ...invalid(word)]),
});

const DIRECT_ANSWER = /^\[(Message received by |No ACK from |Unable to send )/;

const direct = (to: string, text: string): Expectation => ({
  word: "send",
  message: true,
  to,
  text,
  outcome: ({ text: shown }) => {
    if (!DIRECT_ANSWER.test(shown)) return undefined;
    const lower = shown.toLowerCase();
    if (lower === `[message received by ${to}]`) return "delivered";
    if (lower === `[no ack from ${to}, message not delivered]`) return "not_delivered";
    if (lower === `[unable to send to non-existent ${to}.]`) return "no_such_user";
    return undefined;
  },
});

// Lines typed, parsed; what help says, and what completion offers.

import { describe, expect, test } from "bun:test";

import {
  COMMANDS,
  completeLine,
  helpLines,
  type Mode,
  parseLine,
} from "../../lib/chat/client/commands.ts";
import { clientInGroup, ClientScene } from "../support/client-scene.ts";

const command = (name: string, ...words: string[]) => ({ kind: "command", name, words });
const invalid = (word: string) => ({ kind: "invalid", word });
const usage = (text: string) => ({ kind: "usage", usage: text });

const CASES: readonly (readonly [line: string, mode: Mode, parsed: object])[] = [
  ["", "lobby", { kind: "empty" }],
  ["  \t ", "group", { kind: "empty" }],
  ["send client hello there :)", "lobby", command("send", "client", "hello there :)")],
  ["send client hello", "group", command("send", "client", "hello")],
  ["  send   client   three  spaces ", "lobby", command("send", "client", "  three  spaces ")],
  ["send", "lobby", usage("send <name> <message>")],
  ["send client", "lobby", usage("send <name> <message>")],
  ["send client   ", "lobby", usage("send <name> <message>")],
  ["send_group hi  there", "group", command("send_group", "hi  there")],
  ["send_group  hi", "group", command("send_group", " hi")],
  ["send_group", "group", usage("send_group <message>")],
  ["send_group hi", "lobby", invalid("send_group")],
  ["send_group", "lobby", invalid("send_group")],
  ["create_group a", "lobby", command("create_group", "a")],
  ["create_group a ", "lobby", command("create_group", "a")],
  ["create_group a b", "lobby", usage("create_group <group>")],
  ["create_group", "lobby", usage("create_group <group>")],
  ["create_group a", "group", invalid("create_group")],
  ["join_group a", "group", invalid("join_group")],
  ["list_groups", "lobby", command("list_groups")],
  ["list_groups all", "lobby", usage("list_groups")],
  ["list_groups", "group", invalid("list_groups")],
  ["leave_group", "group", command("leave_group")],
  ["leave_group now", "group", usage("leave_group")],
  ["leave_group", "lobby", invalid("leave_group")],
  ["list_members", "lobby", invalid("list_members")],
  ["list_members", "group", command("list_members")],
  ["dereg client", "group", command("dereg", "client")],
  ["dereg", "lobby", usage("dereg <name>")],
  ["help", "group", command("help")],
  ["send client \u00a0", "lobby", command("send", "client", "\u00a0")],
  ["list_groups \u00a0", "lobby", usage("list_groups")],
  ["Send client hi", "lobby", invalid("Send")],
  ["constructor", "lobby", invalid("constructor")],
  ["hello there", "group", invalid("hello")],
];

test.each(CASES)("%p in the %s", (line, mode, parsed) => {
  expect(parseLine(line, mode)).toEqual(parsed as never);
});

describe("help", () => {
  test.each(["lobby", "group"] as const)("names every command of the %s", (mode) => {
    const named = helpLines(mode).map((line) => line.split(" ")[0] ?? "");
    const usable = COMMANDS.filter((one) => (one.modes as readonly Mode[]).includes(mode));
    expect(named).toEqual(usable.map((one) => one.name));
  });
});

describe("completion", () => {
  const known = { user: ["client", "client2"], self: ["client"], group: ["group-name"] };

  test.each([
    ["", "group", ["send ", "send_group ", "list_members", "leave_group", "dereg ", "help"], ""],
    ["se", "lobby", ["send "], "se"],
    ["send cl", "lobby", ["client ", "client2 "], "cl"],
    ["send ", "lobby", ["client ", "client2 "], ""],
    ["send CL", "lobby", ["client ", "client2 "], "CL"],
    ["dereg ", "lobby", ["client"], ""],
    ["join_group g", "lobby", ["group-name"], "g"],
    ["join_group GROUP-N", "lobby", ["group-name"], "GROUP-N"],
    ["join_group g", "group", [], "g"],
    ["send client hel", "lobby", [], "hel"],
    ["nonsense c", "lobby", [], "c"],
  ] as const)("%p in the %s", (line, mode, candidates, part) => {
    expect(completeLine(line, mode, known)).toEqual([[...candidates], part]);
  });
});

test("help shows every command that works here, one in a line", () => {
  const lobby = new ClientScene().client("client", 5_555).say("help");
  const group = clientInGroup().client.say("help");
  for (const [mode, shown] of [["lobby", lobby] as const, ["group", group] as const]) {
    expect(shown[0]).toEndWith("[Commands:]");
    expect(shown.slice(1)).toEqual(helpLines(mode).map((line) => expect.stringContaining(line)));
    expect(shown.length).toBeLessThan(COMMANDS.length + 1);
  }
});

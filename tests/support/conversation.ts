// Streams of numbered messages between the real programs, to a group and to each other, and what must be true of them
// whatever the network did: all shown, once, in order; nobody declared gone; every program ends as it should.

import { expect } from "bun:test";

import { Program } from "./programs.ts";

export const GROUP = "g";

/** A line typed each time: slow enough for each to be in a datagram of its own, and for what happens to happen within. */
const PACE_MS = 20;

/** What is said after the last thing that happened. Who says nothing is not found at its new address. */
const MESSAGES_AFTER = 15;

const TO_ALL = "to all";
const IN_PRIVATE = "in private";
const HELLO = "hello";

/** Nothing of this may be said to anybody whose peers are all there. */
const TROUBLE = /No ACK|offline|non-existent|cannot be reached|not responding/;

/** Where and how a client is started. */
export interface Seat {
  readonly name: string;
  readonly serverHost: string;
  readonly serverPort: number;
  readonly port: number;
  readonly under?: readonly string[];
}

/** A server that is ready; `stack` ends it. */
export const startServer = async (
  stack: AsyncDisposableStack,
  port: number,
  under: readonly string[] = [],
): Promise<Program> => {
  const server = stack.use(new Program("server", "server.ts", [`${port}`], { under }));
  await server.until(`[Server started on ${port}]`);
  return server;
};

/** A client that is registered, has the table, and is in the group; the first one creates it. */
export const startClient = async (
  stack: AsyncDisposableStack,
  seat: Seat,
  first = false,
): Promise<Program> => {
  const { name, serverHost, serverPort, port, under = [] } = seat;
  const words = [name, serverHost, `${serverPort}`, `${port}`];
  const client = stack.use(new Program(name, "client.ts", words, { under }));
  if (first) client.type(`create_group ${GROUP}`);
  client.type(`join_group ${GROUP}`);
  await client.until("[Welcome, You are registered.]");
  await client.until("[Client table updated.]");
  if (first) await client.until(`[Group ${GROUP} created by Server.]`);
  await client.until(`[Entered group ${GROUP} successfully!]`);
  return client;
};

/** All clients of a conversation, in the group, each knowing all others. */
export const startClients = async (
  stack: AsyncDisposableStack,
  seats: readonly Seat[],
): Promise<Program[]> => {
  const clients: Program[] = [];
  for (const seat of seats) clients.push(await startClient(stack, seat, clients.length === 0));
  const last = clients.at(-1)!;
  // The table comes before it, in the same session.
  last.type(`send_group ${HELLO}`);
  await last.until(`(${GROUP}) [Message received by Server.]`);
  for (const client of clients) {
    if (client !== last) await client.until(`(${GROUP}) Group_Message ${last.name}: ${HELLO}`);
  }
  return clients;
};

/** The numbers that follow one of these beginnings, line by line. */
const numbers = ({ lines }: Program, ...beginnings: readonly string[]): number[] =>
  lines.flatMap((line) => {
    const beginning = beginnings.find((one) => line.startsWith(`>>> ${one} `));
    return beginning === undefined ? [] : [Number.parseInt(line.slice(beginning.length + 5), 10)];
  });

const count = ({ lines }: Program, text: string): number =>
  lines.filter((line) => line === `>>> ${text}`).length;

export const groupNumbers = (shownBy: Program, sender: string): number[] =>
  numbers(shownBy, `(${GROUP}) Group_Message ${sender}: ${TO_ALL}`);

/** Direct messages, as shown at once or as kept until the group was left. */
export const directNumbers = (shownBy: Program, sender: string): number[] =>
  numbers(shownBy, `[>>> ${sender}: ${IN_PRIVATE}`, `[${sender}: ${IN_PRIVATE}`);

export const groupAcks = (of: Program): number =>
  count(of, `(${GROUP}) [Message received by Server.]`);

export const directAcks = (of: Program, receiver: string): number =>
  count(of, `[Message received by ${receiver}]`);

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

export interface Speech {
  readonly messages: number;
  /** Goes on after that for as long as this holds, and then says a few more. */
  readonly goOn?: () => boolean;
  /** Makes the messages longer. */
  readonly padding?: string;
}

/** One line after the other is typed: to the group, and to a friend. Returns how many. */
export const speak = async (
  client: Program,
  friend: string,
  { messages, goOn = () => false, padding = "" }: Speech,
): Promise<number> => {
  let last = messages;
  for (let number = 1; number <= last; number++) {
    client.type(`send_group ${TO_ALL} ${number}${padding}`);
    client.type(`send ${friend} ${IN_PRIVATE} ${number}${padding}`);
    await Bun.sleep(PACE_MS);
    if (goOn()) last = Math.max(messages, number + MESSAGES_AFTER);
  }
  return last;
};

/** Waits until a client has shown this many messages of a sender to the group. */
export const shown = (client: Program, sender: string, messages: number): Promise<void> =>
  client.when(
    () => groupNumbers(client, sender).length >= messages,
    `${messages} messages of ${sender}`,
  );

export interface Talk {
  /** How many each one says, at least. */
  readonly messages: number;
  readonly padding?: string;
  /** What happens while everybody speaks. */
  readonly meanwhile?: () => Promise<void>;
  /** How often a client's address changes meanwhile. */
  readonly moves?: number;
}

/**
 * Everybody speaks to the group and to the next one. Then checks everything, and everybody signs off. `servers`: all
 * that there were.
 */
export const converse = async (
  clients: readonly Program[],
  servers: () => readonly Program[],
  { messages, padding = "", meanwhile, moves = 0 }: Talk,
): Promise<void> => {
  const next = (at: number): Program => clients[(at + 1) % clients.length]!;
  const ackedBefore = clients.map(groupAcks);
  let happening = meanwhile !== undefined;
  const goOn = () => happening;
  const speaking = Promise.all(
    clients.map((client, at) => speak(client, next(at).name, { messages, goOn, padding })),
  );
  if (meanwhile !== undefined) {
    try {
      await shown(clients[1]!, clients[0]!.name, Math.floor(messages / 3));
      await meanwhile();
    } finally {
      happening = false;
    }
  }
  const said = await speaking;
  for (const [at, client] of clients.entries()) {
    for (const [from, other] of clients.entries()) {
      if (other !== client) await shown(client, other.name, said[from]!);
    }
    const { name } = next(at);
    const acks = () => groupAcks(client) - ackedBefore[at]!;
    const acked = () => acks() >= said[at]! && directAcks(client, name) >= said[at]!;
    await client.when(acked, "that all was received");
  }
  for (const client of clients) {
    client.type("leave_group");
    await client.until(`[Leave group chat ${GROUP}]`);
  }
  // The inbox is shown with the line before it, but it may come in another piece.
  for (const [at, client] of clients.entries()) {
    const kept = () => directNumbers(next(at), client.name).length >= said[at]!;
    await next(at).when(kept, `the direct messages of ${client.name}`);
  }
  const all = servers();
  const lines = all.flatMap((server) => server.lines);
  expect(lines.filter((line) => /not responsive|removed/.test(line))).toEqual([]);
  // Who is found offline is a line, as who registers or has another address.
  const changes = count(all[0]!, "[Server table updated.]");
  if (all.length === 1) expect(changes).toBeWithin(clients.length, clients.length + moves + 1);
  for (const [at, client] of clients.entries()) {
    client.type(`dereg ${client.name}`);
    expect(await client.exited()).toBe(0);
    expect(client.stderr).toBe("");
    expect(client.lines.slice(-2)).toEqual([
      ">>> [You are Offline. Bye.]",
      ">>> [stopping client-server listener]",
    ]);
    expect(client.lines.filter((line) => TROUBLE.test(line))).toEqual([]);
    for (const [from, other] of clients.entries()) {
      if (other !== client) expect(groupNumbers(client, other.name)).toEqual(upTo(said[from]!));
    }
    expect(directNumbers(next(at), client.name)).toEqual(upTo(said[at]!));
    expect(groupAcks(client)).toBe(ackedBefore[at]! + said[at]!);
    expect(directAcks(client, next(at).name)).toBe(said[at]!);
  }
};

/** Ends a server, and checks how. */
export const quit = async (server: Program): Promise<void> => {
  server.signal("SIGINT");
  expect(await server.exited()).toBe(0);
  expect(server.lines.at(-1)).toBe(">>> [Quitting.]");
  expect(server.stderr).toBe("");
};

// One run: the play under faults, then the network is healed, everything has to finish, and a roll call shows that
// everyone reaches everyone. The result says what was found, and has a hash of all that happened.

import type { ClientMachine } from "../../lib/chat/client/client-machine.ts";
import { STALL_MS } from "../../lib/chat/limits.ts";
import { Prng } from "../support/prng.ts";
import { Book } from "./book.ts";
import { Bounds } from "./bounds.ts";
import { lossOf, roundTripOf } from "./conditions.ts";
import { Conversations } from "./conversation.ts";
import { type Finding, Findings } from "./findings.ts";
import { Gone } from "./gone.ts";
import { Messages, type Tally } from "./messages.ts";
import { Names } from "./names.ts";
import type { Options } from "./options.ts";
import { drawScenario, type Scenario, SERVER_SEAT } from "./scenario.ts";
import { type SessionWatcher, watchSessions } from "./sessions.ts";
import { Sizes } from "./sizes.ts";
import { Stage } from "./stage.ts";
import type { Trace } from "./trace.ts";
import { Upkeep } from "./upkeep.ts";

export interface Result {
  readonly findings: readonly Finding[];
  readonly hash: string;
  readonly tally: Tally;
  /** Commands and deliveries: occasions on which someone may be declared gone. */
  readonly requests: number;
  /** Live peers declared gone. */
  readonly mistakes: number;
  readonly virtualMs: number;
  readonly datagrams: number;
  /** The longest datagram. */
  readonly longestBytes: number;
  readonly roundTripMs: number;
}

/** The play may last so much longer than planned before the network is healed all the same. */
const PLAY_EXTRA_MS = 90_000;

/** After healing: a registration of a client that was killed lasts 45 s, then its user gets the name back. */
const SETTLE_MAX_MS = 180_000;

/** Everyone has noticed the others' restarts and moves by then: a keep-alive and its retries. */
const SETTLE_MIN_MS = 25_000;

/** The same where nobody restarted or moved. */
const SETTLE_CALM_MS = 1_000;

/** Between any two, over a whole network. */
const ROLL_CALL_MAX_MS = 15_000;

const QUIET_MS = 20_000;

/** In that time: keep-alives and their answers. */
const QUIET_DATAGRAMS_PER_PAIR = 80;

/**
 * The same for a session whose other side has ended without a word: two keep-alives at most, each with the tries of one
 * request, the questions whether the peer has restarted, and the answers to both from whoever is there now.
 */
const QUIET_DATAGRAMS_PER_FORSAKEN = 240;

/** Above this loss each way, a live peer may be declared gone now and then; below, once in many thousand runs. */
const STRICT_LOSS_MAX = 0.36;

/** A burst as long as a good part of the five tries makes any peer look gone. */
const STRICT_BURST_MAX_MS = 100;

/** So does a link of the server's that a single text to a group, in UTF-8, keeps busy for so long. */
const STRICT_BUSY_MAX_MS = STALL_MS / 2;
const BYTES_PER_CHARACTER = 1.6;

const isStrict = ({ conditions, clients, textMax }: Options): boolean => {
  const { bursts, bandwidth } = conditions;
  const bytes = BYTES_PER_CHARACTER * textMax * (clients - 1);
  const busyMs = bandwidth === undefined ? 0 : bytes / bandwidth.bytesPerMs;
  if (busyMs > STRICT_BUSY_MAX_MS) return false;
  return lossOf(conditions) < STRICT_LOSS_MAX && (bursts?.badMs ?? 0) <= STRICT_BURST_MAX_MS;
};

export const scenarioOf = (options: Options): Scenario =>
  drawScenario(options, new Prng(options.seed ^ 0x5ce_4a10));

export const run = (options: Options, scenario: Scenario, trace?: Trace): Result => {
  const stage = new Stage(options, scenario, new Prng(options.seed));
  const { world } = stage;
  const findings = new Findings(() => world.now);
  const conversations = new Conversations(findings);
  const book = new Book(
    findings,
    (process) =>
      conversations.pending(process).find(({ expected }) => expected.word.startsWith("list"))?.at ??
      world.now,
  );
  const messages = new Messages(findings, book);
  const strict = isStrict(options);
  const gone = new Gone(world, findings, book, stage.disturbances, conversations, strict);
  const bounds = new Bounds(findings);
  const sizes = new Sizes(findings, world.network, options);
  const names = new Names(findings, book);
  const upkeep = new Upkeep(world, findings, stage.disturbances, { options, scenario, strict });
  conversations.onEnd = (now, typed) => {
    messages.onEnd(now, typed);
    gone.onEnd(now, typed);
  };
  if (trace !== undefined) world.watchers.push(trace);
  world.watchers.push(book, gone, conversations, messages, names, bounds, sizes, upkeep, stage);
  conversations.onTyped = (typed) => messages.add(typed);
  const watcher: SessionWatcher = {
    found: (rule, what) => findings.add(rule, what),
    expired: (pair) => upkeep.expired(pair),
    probed: (to) => upkeep.probed(to),
  };
  try {
    watchSessions(watcher, (sessions) => {
      stage.open(conversations);
      play(stage, options);
      settle(stage, conversations, findings, scenario.faults.length === 0);
      upkeep.settled = true;
      rollCall(stage, conversations, findings);
      if (findings.list.length === 0) checkTables(stage, book, findings);
      quiet(stage, bounds, findings, bounds.forsaken(sessions()).length);
      bounds.checkForgotten(world.now, sessions());
    });
    if (findings.list.length === 0) messages.finish();
  } catch (error) {
    findings.add("threw", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return {
    findings: findings.list,
    hash: world.hash.digits,
    tally: messages.tally,
    requests: conversations.all.length + messages.tally.deliveries,
    mistakes: gone.mistakes,
    virtualMs: world.now,
    datagrams: world.network.traffic.datagrams,
    longestBytes: sizes.longestBytes,
    roundTripMs: roundTripOf(options.conditions),
  };
};

const play = (stage: Stage, { linesPerUser, thinkMs }: Options): void => {
  stage.world.runUntil(2 * linesPerUser * thinkMs + PLAY_EXTRA_MS, () => stage.played);
};

const settle = (
  stage: Stage,
  conversations: Conversations,
  findings: Findings,
  calm: boolean,
): void => {
  const { world } = stage;
  stage.heal();
  world.runUntil(world.now + (calm ? SETTLE_CALM_MS : SETTLE_MIN_MS), () => false);
  if (stage.idle) return;
  if (!world.runUntil(world.now + SETTLE_MAX_MS, () => stage.idle)) {
    findings.add("does not come to rest", pendingText(stage, conversations));
  }
  // The others hear of whoever came last.
  world.runUntil(world.now + SETTLE_CALM_MS, () => false);
};

/** Everyone writes to everyone. */
const rollCall = (stage: Stage, conversations: Conversations, findings: Findings): void => {
  const { world, users } = stage;
  if (findings.list.length > 0) return;
  world.note("roll call");
  for (const user of users) {
    const machine = user.process?.machine as ClientMachine | undefined;
    if (machine?.prompt !== ">>> ") user.type(world.now, "leave_group");
  }
  world.runUntil(world.now + ROLL_CALL_MAX_MS, () => stage.idle);
  const before = conversations.all.length;
  for (const user of users) {
    for (const other of users) {
      if (other !== user) user.type(world.now, `send ${other.name} ${user.text(10)}`);
    }
    user.type(world.now, "list_groups");
  }
  if (!world.runUntil(world.now + ROLL_CALL_MAX_MS, () => stage.idle)) {
    findings.add("roll call does not end", pendingText(stage, conversations));
  }
  for (const { line, process, outcome } of conversations.all.slice(before)) {
    if (outcome === "delivered" || outcome === "done") continue;
    findings.add("does not reach everyone", `"${line}" of ${process.name}: ${outcome}`);
  }
};

const checkTables = (stage: Stage, book: Book, findings: Findings): void => {
  const registered = book.model.names();
  for (const { process } of stage.users) {
    const machine = process?.machine as ClientMachine;
    const known = machine
      .complete("send ")[0]
      .map((name) => name.trim())
      .toSorted();
    if (known.join(" ") === registered.join(" ")) continue;
    const what = `${process?.name} knows ${known.join(" ")}, registered are ${registered.join(" ")}`;
    findings.add("tables differ", what);
  }
};

/** Nobody has anything to say: then hardly anything is sent. */
const quiet = (stage: Stage, bounds: Bounds, findings: Findings, forsaken: number): void => {
  const { world } = stage;
  bounds.takeSent();
  world.runUntil(world.now + QUIET_MS, () => false);
  const sent = bounds.takeSent();
  const hosts = world.processes.length;
  const pairs = hosts * (hosts - 1);
  const most = pairs * QUIET_DATAGRAMS_PER_PAIR + forsaken * QUIET_DATAGRAMS_PER_FORSAKEN;
  if (sent <= most) return;
  findings.add("not quiet", `${sent} datagrams in ${QUIET_MS} ms in which nothing happened`);
};

const pendingText = ({ users, world }: Stage, conversations: Conversations): string => {
  const waiting = users.flatMap((user) => {
    const { process } = user;
    if (process?.running !== true) return [`${user.name} is not there`];
    if (!Number.isFinite(conversations.welcomedAt(process))) {
      return [`${user.name} is not registered`];
    }
    return conversations.pending(process).map(({ line }) => `${user.name}: "${line.slice(0, 60)}"`);
  });
  const server = world.running(SERVER_SEAT) === undefined ? ["the server is down"] : [];
  return [...server, ...waiting].slice(0, 10).join(", ");
};

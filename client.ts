// The client: bun client.ts name 0.0.0.0 5000 5555

import { EXIT_FAILED, EXIT_USAGE } from "./lib/chat/exit-status.ts";
import { prefix } from "./lib/chat/line.ts";
import { parseClientArguments } from "./lib/io/command-line/arguments.ts";
import type { ClientRun } from "./lib/io/command-line/arguments.ts";
import * as program from "./lib/io/command-line/program.ts";
import { ONLY_IPV4, ownPortReason } from "./lib/io/command-line/values.ts";
import { isThisMachine, resolveHost } from "./lib/io/socket/resolve.ts";
import { openUdpSocket } from "./lib/io/socket/udp-socket.ts";
import { openClientConsole } from "./lib/io/terminal/terminal.ts";
import { UserActions } from "./lib/io/user-actions.ts";
import type { Visits } from "./lib/io/visits.ts";
import { isDottedQuad, isLoopback } from "./lib/transport/address.ts";

const chat = async (run: ClientRun): Promise<void> => {
  const password = await program.givenPassword(run.password);
  const host = await resolveHost(run.serverHost);
  if (host === undefined) return program.fail(ONLY_IPV4, EXIT_USAGE);
  let visits: Visits | undefined;
  const opened = await openUdpSocket({
    port: run.clientPort,
    onDatagram: (from, bytes) => visits?.datagram(from, bytes),
  });
  if (!opened.ok) return program.fail(opened.reason, EXIT_FAILED);
  const { socket } = opened;
  if (run.clientPort === run.serverPort && (await isThisMachine(host)))
    return program.fail(ownPortReason(run.clientPort), EXIT_USAGE);

  const user = new UserActions();
  const screen = openClientConsole({
    onLine: (text) => user.act((it, now) => it.line(now, text)),
    onInterrupt: () => user.act((it, now) => it.interrupt(now)),
    onEndOfInput: () => user.act((it, now) => it.endOfInput(now)),
    hasRoom: () => visits?.hasRoom === true,
    complete: (line) => visits?.complete(line) ?? [[], ""],
  });
  screen.setPrompt(prefix());
  program.closeOnUncaughtFaults(() => screen.close());

  // What is loaded from here on takes longer than all before it; the prompt has not waited for it.
  const { Visits } = await import("./lib/io/visits.ts");
  // Nobody stands between a program and another one on the same machine.
  const isHere = isDottedQuad(run.serverHost) && isLoopback(host);
  const trust = isHere
    ? undefined
    : await (
        await import("./lib/io/server-trust.ts")
      ).trustIn(host, run, (text) => {
        screen.show([{ kind: "error", text: `[${text}]` }]);
      });
  visits = new Visits({ run, server: { host, port: run.serverPort }, socket, screen, user, trust });
  await visits.begin(password);
};

const main = async (): Promise<void> => {
  program.endOnUncaughtFaults();
  const run = await program.requestedRun(parseClientArguments(process.argv.slice(2)), async () =>
    (await import("./lib/io/command-line/questions.ts")).askClient(),
  );
  if (run !== undefined) await chat(run);
};

if (import.meta.main) void main();

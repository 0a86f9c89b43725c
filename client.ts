// The client: bun client.ts name 0.0.0.0 5000 5555

import type { ClientMachine } from "./lib/chat/client/client-machine.ts";
import { ONLY_IPV4, parseClientArguments } from "./lib/io/arguments.ts";
import type { ClientRun } from "./lib/io/arguments.ts";
import { Drive } from "./lib/io/drive.ts";
import * as program from "./lib/io/program.ts";
import { resolveHost } from "./lib/io/resolve.ts";
import { openClientConsole } from "./lib/io/terminal.ts";
import { openUdpSocket } from "./lib/io/udp-socket.ts";

/** As that of a machine outside of groups. */
const FIRST_PROMPT = ">>> ";

const chat = async ({ name, serverHost, serverPort, clientPort }: ClientRun): Promise<void> => {
  const host = await resolveHost(serverHost);
  if (host === undefined) return program.fail(ONLY_IPV4, program.EXIT_USAGE);
  let drive: Drive | undefined;
  const opened = await openUdpSocket({
    port: clientPort,
    onDatagram: (from, bytes) => drive?.datagram(from, bytes),
  });
  if (!opened.ok) return program.fail(opened.reason, program.EXIT_FAILED);
  const { socket } = opened;

  let machine: ClientMachine | undefined;
  const { promise: ready, resolve: begin } = Promise.withResolvers<void>();
  /** What the user does before the machine is there waits for it, in order. */
  const act = (action: (machine: ClientMachine, now: number) => void): void => {
    void ready.then(() => drive?.act((now) => machine && action(machine, now)));
  };
  const screen = openClientConsole({
    onLine: (text) => act((it, now) => it.line(now, text)),
    onInterrupt: () => act((it, now) => it.interrupt(now)),
    onEndOfInput: () => act((it, now) => it.endOfInput(now)),
    complete: (line) => machine?.complete(line) ?? [[], ""],
  });
  program.endOnUncaughtFaults(() => screen.close());
  screen.setPrompt(FIRST_PROMPT);

  // What is loaded here takes longer than all before it; the prompt has not waited for it.
  const { ClientMachine: Machine } = await import("./lib/chat/client/client-machine.ts");
  const { freshKeyPair, randomBytes } = await import("./lib/io/entropy.ts");
  const server = { host, port: serverPort };
  const client = new Machine({ name, server, keyPair: freshKeyPair(), random: randomBytes });
  machine = client;
  drive = new Drive(client, {
    show(lines) {
      screen.setPrompt(client.prompt);
      screen.show(lines);
    },
    send: (datagrams) => socket.send(datagrams),
    fault: program.reportFault,
    exit: (status) => void screen.close().then(() => process.exit(status)),
  });
  drive.start();
  begin();
};

const main = async (): Promise<void> => {
  const run = await program.requestedRun(parseClientArguments(process.argv.slice(2)), async () =>
    (await import("./lib/io/questions.ts")).askClient(),
  );
  if (run !== undefined) await chat(run);
};

if (import.meta.main) void main();

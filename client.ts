// The client: bun client.ts name 0.0.0.0 5000 5555

import type { ClientMachine } from "./lib/chat/client/client-machine.ts";
import { EXIT_FAILED, EXIT_USAGE } from "./lib/chat/exit-status.ts";
import { type LineKind, prefix } from "./lib/chat/line.ts";
import type { Mismatch } from "./lib/chat/machine.ts";
import { parseClientArguments } from "./lib/io/arguments.ts";
import type { ClientRun } from "./lib/io/arguments.ts";
import type { Console } from "./lib/io/console.ts";
import { Drive } from "./lib/io/drive.ts";
import * as program from "./lib/io/program.ts";
import { isThisMachine, resolveHost } from "./lib/io/resolve.ts";
import { isLive, openClientConsole } from "./lib/io/terminal.ts";
import { openUdpSocket } from "./lib/io/udp-socket.ts";
import { UserActions } from "./lib/io/user-actions.ts";
import { ONLY_IPV4, ownPortReason } from "./lib/io/values.ts";
import { isDottedQuad, isLoopback } from "./lib/transport/address.ts";

const chat = async (run: ClientRun): Promise<void> => {
  const password = await program.givenPassword(run.password);
  const host = await resolveHost(run.serverHost);
  if (host === undefined) return program.fail(ONLY_IPV4, EXIT_USAGE);
  let drive: Drive | undefined;
  const opened = await openUdpSocket({
    port: run.clientPort,
    onDatagram: (from, bytes) => drive?.datagram(from, bytes),
  });
  if (!opened.ok) return program.fail(opened.reason, EXIT_FAILED);
  const { socket } = opened;
  if (run.clientPort === run.serverPort && (await isThisMachine(host)))
    return program.fail(ownPortReason(run.clientPort), EXIT_USAGE);

  let machine: ClientMachine | undefined;
  const user = new UserActions();
  const openScreen = (): Console => {
    const screen = openClientConsole({
      onLine: (text) => user.act((it, now) => it.line(now, text)),
      onInterrupt: () => user.act((it, now) => it.interrupt(now)),
      onEndOfInput: () => user.act((it, now) => it.endOfInput(now)),
      hasRoom: () => machine?.hasRoom === true,
      complete: (line) => machine?.complete(line) ?? [[], ""],
    });
    screen.setPrompt(prefix());
    return screen;
  };
  let screen = openScreen();
  const say = (text: string, kind: LineKind): void => screen.show([{ kind, text: `[${text}]` }]);
  program.closeOnUncaughtFaults(() => screen.close());

  // What is loaded from here on takes longer than all before it; the prompt has not waited for it.
  const { ClientMachine: Machine } = await import("./lib/chat/client/client-machine.ts");
  const { freshKeyPair, randomBytes } = await import("./lib/io/entropy.ts");
  const { fingerprint } = await import("./lib/io/fingerprint.ts");
  // Nobody stands between a program and another one on the same machine.
  const isHere = isDottedQuad(run.serverHost) && isLoopback(host);
  const trust = isHere
    ? undefined
    : await (
        await import("./lib/io/server-trust.ts")
      ).trustIn(host, run, (text) => {
        say(text, "error");
      });

  const leave = async (status: number): Promise<void> => {
    await trust?.settled();
    await screen.close();
    process.exit(status);
  };
  const onMismatch = async (mismatch: Mismatch, status: number): Promise<void> => {
    if (mismatch.reason === "password_wanted" && isLive()) {
      const isForgotten = user.keep();
      await screen.close();
      const given = await program.askedPassword("Password of the server");
      screen = openScreen();
      if (isForgotten) say("What you typed and got no answer to is not repeated", "error");
      return begin(given);
    }
    const { mismatchLines } = await import("./lib/io/mismatch.ts");
    screen.show(mismatchLines(mismatch, run, trust));
    return leave(status);
  };
  let keyShown: string | undefined;
  const showKey = (key: Uint8Array): void => {
    const text = `Server key ${fingerprint(key)}`;
    if (text !== keyShown) say(text, "status");
    keyShown = text;
  };
  const begin = async (given: string | undefined): Promise<void> => {
    const psk = await program.secretOf(given);
    const client = new Machine({
      name: run.name,
      server: { host, port: run.serverPort },
      keyPair: freshKeyPair(),
      random: randomBytes,
      mayGrow: socket.unfragmented,
      ...(trust === undefined ? {} : { serverKey: trust.expected }),
      ...(psk === undefined ? {} : { psk }),
    });
    machine = client;
    drive = new Drive(client, {
      show(lines) {
        screen.setPrompt(client.prompt);
        screen.show(lines);
      },
      send: (datagrams) => socket.send(datagrams),
      serverKey(key) {
        user.forget();
        trust?.proved(key);
        if (run.verbose) showKey(key);
      },
      fault: program.reportFault,
      exit: (status, mismatch) =>
        void (mismatch === undefined ? leave(status) : onMismatch(mismatch, status)),
    });
    drive.start();
    user.passTo(client, drive);
    if (!isLive()) user.forget();
  };
  await begin(password);
};

const main = async (): Promise<void> => {
  program.endOnUncaughtFaults();
  const run = await program.requestedRun(parseClientArguments(process.argv.slice(2)), async () =>
    (await import("./lib/io/questions.ts")).askClient(),
  );
  if (run !== undefined) await chat(run);
};

if (import.meta.main) void main();

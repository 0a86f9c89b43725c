// The server: bun server.ts 5000

import { ServerMachine } from "./lib/chat/server/server-machine.ts";
import { parseServerArguments } from "./lib/io/arguments.ts";
import type { ServerRun } from "./lib/io/arguments.ts";
import { Drive } from "./lib/io/drive.ts";
import { freshKeyPair, randomBytes } from "./lib/io/entropy.ts";
import {
  endOnUncaughtFaults,
  EXIT_FAILED,
  fail,
  reportFault,
  requestedRun,
} from "./lib/io/program.ts";
import { openServerConsole } from "./lib/io/terminal.ts";
import { openUdpSocket } from "./lib/io/udp-socket.ts";

const serve = async ({ port }: ServerRun): Promise<void> => {
  const machine = new ServerMachine({ port, keyPair: freshKeyPair(), random: randomBytes });
  const opened = await openUdpSocket({
    port,
    onDatagram: (from, bytes) => drive.datagram(from, bytes),
  });
  if (!opened.ok) return fail(opened.reason, EXIT_FAILED);
  const { socket } = opened;
  const screen = openServerConsole({
    onInterrupt: () => drive.act((now) => machine.interrupt(now)),
  });
  endOnUncaughtFaults(() => screen.close());
  const drive = new Drive(machine, {
    show: (lines) => screen.show(lines),
    send: (datagrams) => socket.send(datagrams),
    fault: reportFault,
    exit: (status) => void screen.close().then(() => process.exit(status)),
  });
  drive.start();
};

const main = async (): Promise<void> => {
  const run = await requestedRun(parseServerArguments(process.argv.slice(2)), async () =>
    (await import("./lib/io/questions.ts")).askServer(),
  );
  if (run !== undefined) await serve(run);
};

if (import.meta.main) void main();

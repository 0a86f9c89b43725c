// The server: bun server.ts 5000

import { EXIT_FAILED } from "./lib/chat/exit-status.ts";
import type { Line } from "./lib/chat/line.ts";
import { ServerMachine } from "./lib/chat/server/server-machine.ts";
import { parseServerArguments } from "./lib/io/command-line/arguments.ts";
import type { ServerRun } from "./lib/io/command-line/arguments.ts";
import * as program from "./lib/io/command-line/program.ts";
import { Drive } from "./lib/io/drive.ts";
import { randomBytes } from "./lib/io/entropy.ts";
import { loadServerKey } from "./lib/io/files/key-file.ts";
import { fingerprint } from "./lib/io/fingerprint.ts";
import { giveMemoryBack } from "./lib/io/memory.ts";
import { openUdpSocket } from "./lib/io/socket/udp-socket.ts";
import { openServerConsole } from "./lib/io/terminal/terminal.ts";

const serve = async ({ port, keyFile, password, verbose, limits }: ServerRun): Promise<void> => {
  const psk = await program.secretOf(await program.givenPassword(password));
  let drive: Drive | undefined;
  const opened = await openUdpSocket({
    port,
    onDatagram: (from, bytes) => drive?.datagram(from, bytes),
  });
  if (!opened.ok) return program.fail(opened.reason, EXIT_FAILED);
  const { socket } = opened;
  const key = await loadServerKey(keyFile);
  if (!key.ok) return program.fail(key.reason, EXIT_FAILED);
  if (key.warning !== undefined) program.complain(key.warning);
  const { keyPair } = key;

  const machine = new ServerMachine({
    port,
    keyPair,
    random: randomBytes,
    mayGrow: socket.unfragmented,
    limits,
    psk,
  });
  const screen = openServerConsole({
    onInterrupt: () => drive?.act((now) => machine.interrupt(now)),
  });
  program.closeOnUncaughtFaults(() => screen.close());
  const afterStart: Line[] = [];
  if (verbose) {
    afterStart.push({ kind: "status", text: `[Server key ${fingerprint(keyPair.publicKey)}]` });
  }
  drive = new Drive(machine, {
    show: (lines) => screen.show([...lines, ...afterStart.splice(0)]),
    send: (datagrams) => socket.send(datagrams),
    fault: program.reportFault,
    exit: (status) => void screen.close().then(() => process.exit(status)),
  });
  drive.start();
  giveMemoryBack();
};

const main = async (): Promise<void> => {
  program.endOnUncaughtFaults();
  const run = await program.requestedRun(parseServerArguments(process.argv.slice(2)), async () =>
    (await import("./lib/io/command-line/questions.ts")).askServer(),
  );
  if (run !== undefined) await serve(run);
};

if (import.meta.main) void main();

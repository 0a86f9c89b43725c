// A program for tests: a drive loop with a probing machine on a real socket. Says its port; then, for each line that it
// reads, asks to be woken soon and says `armed`, and once it is woken says what the machine was asked to do since, each
// call with its time in ms after the wake-up was due.

import { Clock } from "../../lib/io/clock.ts";
import { Drive } from "../../lib/io/drive.ts";
import { openUdpSocket } from "../../lib/io/socket/udp-socket.ts";
import { ProbeMachine } from "../support/probe-machine.ts";

/** Time for whoever reads `armed` to stop this process. */
const WAKE_AFTER_MS = 500;

const machine = new ProbeMachine();
const clock = new Clock();
const drive = new Drive(
  machine,
  { show() {}, send() {}, exit() {}, fault: (error) => console.log(String(error)) },
  clock,
);
const opened = await openUdpSocket({
  port: 0,
  hostname: "127.0.0.1",
  onDatagram: (from, bytes) => drive.datagram(from, bytes),
});
if (!opened.ok) throw new Error(opened.reason);
let dueAt = Infinity;
let armed = false;
machine.onFlush = () => {
  // Only now is the timer about to be set.
  if (armed) setImmediate(() => console.log("armed"));
  armed = false;
};
machine.onWake = () => {
  const calls = machine.calls.map((call, index) => [call, (machine.times[index] ?? 0) - dueAt]);
  console.log(JSON.stringify(calls));
};
console.log(opened.socket.port);
for await (const _line of console) {
  machine.calls.length = 0;
  machine.times.length = 0;
  drive.act((now) => {
    dueAt = now + WAKE_AFTER_MS;
    machine.wakeAt = dueAt;
    armed = true;
  });
}
process.exit(0);

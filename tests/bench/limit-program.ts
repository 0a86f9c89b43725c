// The two ends of a bare `Bun.udpSocket`, each in a process of its own: one sends as much as it can, the other counts what
// arrives.

import { perform } from "./performer.ts";
import { cpuBetween, cpuTimes } from "./usage.ts";

export interface SendOrder {
  readonly port: number;
  readonly bytes: number;
  /** Datagrams of one call: 1 is `send`, more is `sendMany`. */
  readonly atOnce: number;
  readonly ms: number;
}

/** What one end has done since the last time. */
export interface Count {
  readonly datagrams: number;
  readonly ms: number;
  /** CPU time of the process, in us. */
  readonly cpuUs: number;
}

export type LimitOrders = {
  /** Opens a socket that counts what it gets. Returns its port. */
  listen(order: object): Promise<number>;
  /** Begins to count. */
  begin(order: object): void;
  /** What arrived since `begin`. */
  counted(order: object): Count;
  send(order: SendOrder): Promise<Count>;
};

const HOST = "127.0.0.1";

/** A turn of the loop: so many datagrams, then whatever else there is to do. */
const TURN_DATAGRAMS = 1_024;

let arrived = 0;
let since = { at: 0, arrived: 0, cpu: cpuTimes(process.pid) };

const listen = async (): Promise<number> => {
  const socket = await Bun.udpSocket({
    hostname: HOST,
    binaryType: "uint8array",
    socket: {
      data() {
        arrived++;
      },
    },
  });
  return socket.port;
};

const begin = (): void => {
  since = { at: performance.now(), arrived, cpu: cpuTimes(process.pid) };
};

const counted = (): Count => ({
  datagrams: arrived - since.arrived,
  ms: performance.now() - since.at,
  cpuUs: cpuBetween(since.cpu, cpuTimes(process.pid)),
});

const send = async ({ port, bytes, atOnce, ms }: SendOrder): Promise<Count> => {
  const socket = await Bun.udpSocket({ hostname: HOST });
  const payload = new Uint8Array(bytes);
  const packets = Array.from({ length: atOnce }, () => [payload, port, HOST]).flat();
  const sendSome = (): number =>
    atOnce === 1 ? Number(socket.send(payload, port, HOST)) : socket.sendMany(packets);
  const cpu = cpuTimes(process.pid);
  const begun = performance.now();
  let datagrams = 0;
  while (performance.now() - begun < ms) {
    let sent = 0;
    for (let tried = 0; tried < TURN_DATAGRAMS; tried += atOnce) sent += sendSome();
    datagrams += sent;
    await new Promise(setImmediate);
  }
  socket.close();
  const took = performance.now() - begun;
  return { datagrams, ms: took, cpuUs: cpuBetween(cpu, cpuTimes(process.pid)) };
};

if (import.meta.main) perform({ listen, begin, counted, send } satisfies LimitOrders);

// UDP ports for programs that are started with a number. Tests that run at the same time never get the same one.

/** Outside of the ranges from which systems take ports themselves (Linux: from 32768, others: from 49152). */
const PORT_FIRST = 10_000;
const PORT_LAST = 32_000;

const TRIES_MAX = 1_000;

const HOST = "127.0.0.1";

/** The TCP port of the same number, held open until this process ends, says to other tests that the UDP port is taken. */
const lease = (port: number): Bun.TCPSocketListener | undefined => {
  try {
    const listener = Bun.listen({ hostname: HOST, port, exclusive: true, socket: { data() {} } });
    listener.unref();
    return listener;
  } catch {
    return undefined;
  }
};

const isFree = async (port: number): Promise<boolean> => {
  try {
    const socket = await Bun.udpSocket({ hostname: "0.0.0.0", port });
    socket.close();
    return true;
  } catch {
    return false;
  }
};

/** A UDP port that is free, and that no other test is given. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * (PORT_LAST - PORT_FIRST + 1));
    const leased = lease(port);
    if (leased === undefined) continue;
    if (await isFree(port)) return port;
    leased.stop();
  }
  throw new Error("no free UDP port");
};

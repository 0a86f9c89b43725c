// The part `limit`: what a bare `Bun.udpSocket` can send and receive on one core, by the size of the datagrams. No server
// on this runtime that sends each datagram by itself is faster.

import type { LimitOrders } from "./limit-program.ts";
import type { Contender, Figures, FigureSpec, Part } from "./part.ts";
import { Performer } from "./performer.ts";
import { CLIENT_CORE, SERVER_CORE } from "./processes.ts";

/** Bytes: a short message, what every path carries, what Ethernet carries, what loopback and jumbo frames carry. */
const SIZES = [100, 1_200, 1_452, 8_000];

/** Datagrams handed to one `sendMany`. */
const SEND_MANY = 64;

const TIMES = { warmUpMs: 500, countMs: 2_000 };
const QUICK_TIMES = { warmUpMs: 200, countMs: 400 };

const MS_PER_SECOND = 1_000;

const FIGURES: readonly FigureSpec[] = [
  { name: "sent", unit: "1/s", better: "more" },
  { name: "CPU per datagram sent", unit: "us", better: "less" },
  { name: "received", unit: "1/s", better: "more" },
  { name: "CPU per datagram received", unit: "us", better: "less" },
];

class Ends {
  readonly sender = new Performer<LimitOrders>("limit-program.ts", SERVER_CORE);
  readonly receiver = new Performer<LimitOrders>("limit-program.ts", CLIENT_CORE);
  readonly #times: typeof TIMES;
  #port: number | undefined;

  constructor(quick: boolean) {
    this.#times = quick ? QUICK_TIMES : TIMES;
  }

  contender(name: string, bytes: number, atOnce: number): Contender {
    return {
      name,
      measure: (_round, progress) => {
        progress("sending");
        return this.#measure(bytes, atOnce);
      },
    };
  }

  async end(): Promise<void> {
    await Promise.all([this.sender.end(), this.receiver.end()]);
  }

  async #measure(bytes: number, atOnce: number): Promise<Figures> {
    const { warmUpMs, countMs } = this.#times;
    const port = (this.#port ??= await this.receiver.ask("listen", {}));
    await this.sender.ask("send", { port, bytes, atOnce, ms: warmUpMs });
    await this.receiver.ask("begin", {});
    const sent = await this.sender.ask("send", { port, bytes, atOnce, ms: countMs });
    const received = await this.receiver.ask("counted", {});
    return {
      sent: (sent.datagrams * MS_PER_SECOND) / sent.ms,
      "CPU per datagram sent": sent.cpuUs / sent.datagrams,
      received: (received.datagrams * MS_PER_SECOND) / received.ms,
      "CPU per datagram received": received.cpuUs / received.datagrams,
    };
  }
}

export const limit: Part = {
  name: "limit",
  about: "what one core can send and receive with a bare Bun.udpSocket",
  async *cases({ quick }) {
    const ends = new Ends(quick);
    try {
      for (const bytes of SIZES) {
        yield {
          name: `datagrams of ${bytes} bytes`,
          contenders: [
            ends.contender(`sendMany of ${SEND_MANY}`, bytes, SEND_MANY),
            ends.contender("send", bytes, 1),
          ],
          figures: FIGURES,
          goals: [],
        };
      }
    } finally {
      await ends.end();
    }
  },
};

// What strangers send, from many addresses of 127.0.0.0/8 at once: noise, what was recorded of real sessions, datagrams
// under false flags, and handshakes. Runs in a thread of its own. All of it from a seed, but for the time.

import { ephemeralKeyPair, type KeyPair, keyPairFrom } from "../../lib/transport/crypto/keys.ts";
import { InitiatorHandshake } from "../../lib/transport/crypto/noise.ts";
import { Endpoint } from "../../lib/transport/endpoint.ts";
import { IDLE_TIMEOUT_MS } from "../../lib/transport/limits.ts";
import {
  COOKIE_BYTES,
  decodeDatagram,
  encodeHello,
  encodeInitiate,
  encodeInitiatePayload,
  INITIATE_BYTES,
  NONCE_BYTES,
  PacketKind,
  PROLOGUE,
} from "../../lib/transport/wire/datagrams.ts";
import { mutate } from "../support/mutate.ts";
import { Prng } from "../support/prng.ts";

export interface LoadPlan {
  readonly serverPort: number;
  readonly clientPorts: readonly number[];
  /** The static key of the server, as its RETRY tells everybody. */
  readonly serverKey: Uint8Array;
  /** Datagrams of real sessions. */
  readonly recorded: readonly Uint8Array[];
  readonly addresses: number;
  readonly datagrams: number;
  readonly handshakes: number;
  /** Of both together. */
  readonly perSecond: number;
  /** Handshakes before that, at a pace at which all are answered. */
  readonly warmUp: number;
}

export interface LoadCounts {
  /** Handshakes made ready: most of their arithmetic is done before the clock runs. */
  prepared: number;
  garbage: number;
  replayed: number;
  spoofed: number;
  handshakes: number;
  /** Answers of the server. */
  retries: number;
  responds: number;
  established: number;
  /** Everything else that came: answers that nobody should get. */
  bytesIn: number;
  bytesOut: number;
}

export interface LoadReport {
  readonly type: "preparing" | "ready" | "progress" | "done";
  readonly counts: LoadCounts;
}

const HOST = "127.0.0.1";

const TICK_MS = 1;

/** Datagrams sent in one go, at most: what is behind its time is made up for bit by bit. */
const BATCH = 200;

/** Bytes of noise to cut datagrams from. */
const NOISE_BYTES = 1 << 20;

const REPORT_MS = 200;

const NOISE_MESSAGE_BYTES = INITIATE_BYTES - COOKIE_BYTES - 1;

/** As many as a server answers. */
const WARM_UP_PER_SECOND = 800;

/** Shares of the handshakes: a cookie with noise behind it, one that is repeated, and one that is completed. */
const SHARES = { noise: 0.15, repeated: 0.1, completed: 0.02 } as const;

/** After the last one. */
const LATE_MS = 1_000;

/** Bound to one address, with what it needs to shake hands from there. */
interface Stranger {
  readonly socket: Bun.udp.Socket<"buffer">;
  readonly keyPair: KeyPair;
  readonly endpoint: Endpoint;
}

const NOTHING: LoadCounts = {
  prepared: 0,
  garbage: 0,
  replayed: 0,
  spoofed: 0,
  handshakes: 0,
  retries: 0,
  responds: 0,
  established: 0,
  bytesIn: 0,
  bytesOut: 0,
};

class Load {
  readonly #plan: LoadPlan;
  readonly #random = new Prng(1);
  readonly #noise: Uint8Array;
  #counts: LoadCounts = { ...NOTHING };
  readonly #strangers: Stranger[] = [];
  /** First Noise messages that the server has not seen. */
  readonly #messages: Uint8Array[] = [];
  /** The last of them that was sent. */
  #repeated: Uint8Array | undefined;
  readonly #report: (report: LoadReport) => void;
  #reportedAt = 0;

  constructor(plan: LoadPlan, report: (report: LoadReport) => void) {
    this.#plan = plan;
    this.#report = report;
    this.#noise = this.#random.bytes(NOISE_BYTES);
  }

  async prepare(): Promise<void> {
    const { addresses, handshakes, warmUp } = this.#plan;
    for (let at = 0; at < addresses; at++) this.#strangers.push(await this.#stranger(at));
    const fresh = 1 - SHARES.noise - SHARES.repeated - SHARES.completed;
    while (this.#messages.length < (handshakes + warmUp) * fresh) {
      this.#messages.push(this.#message(this.#random.pick(this.#strangers).keyPair));
      this.#counts.prepared++;
      if (this.#counts.prepared % 100 !== 0) continue;
      await Bun.sleep(0);
      this.#lookUp("preparing");
    }
    await this.#send(0, warmUp);
    this.#counts = { ...NOTHING, prepared: this.#counts.prepared };
    this.#report({ type: "ready", counts: this.#counts });
  }

  async run(): Promise<void> {
    const { datagrams, handshakes } = this.#plan;
    await this.#send(datagrams, handshakes);
    for (const { socket } of this.#strangers) socket.close();
    this.#report({ type: "done", counts: this.#counts });
  }

  /** Sends so much, both kinds evenly over the time that it takes at the pace of the plan. */
  async #send(datagrams: number, handshakes: number): Promise<void> {
    const all = datagrams + handshakes;
    // Handshakes alone have no datagrams to wait for.
    const { perSecond } = this.#plan;
    const pace = datagrams === 0 ? Math.min(perSecond, WARM_UP_PER_SECOND) : perSecond;
    const begunAt = performance.now();
    for (let sent = 0; sent < all;) {
      const due = Math.min(all, ((performance.now() - begunAt) * pace) / 1_000);
      for (const end = Math.min(due, sent + BATCH); sent < end; sent++) {
        const isHandshake = Math.floor(((sent + 1) * handshakes) / all) > this.#counts.handshakes;
        if (isHandshake) this.#shake();
        else this.#sendAny();
      }
      // The machine is there for the others: no waiting in circles.
      await Bun.sleep(TICK_MS);
      this.#lookUp("progress");
    }
    for (const over = performance.now() + LATE_MS; performance.now() < over;) {
      await Bun.sleep(TICK_MS);
      this.#lookUp("progress");
    }
  }

  /** Now and then: looks after the endpoints, and lets the others know. */
  #lookUp(type: "preparing" | "progress"): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    for (const stranger of this.#strangers) this.#turn(stranger);
    this.#report({ type, counts: this.#counts });
  }

  async #stranger(at: number): Promise<Stranger> {
    const random = (count: number) => this.#random.bytes(count);
    const keyPair = keyPairFrom(random(32));
    // Every address in a /24 of its own.
    const hostname = `127.${1 + (at >> 8)}.${at & 0xff}.${1 + this.#random.below(254)}`;
    const stranger: Stranger = {
      keyPair,
      endpoint: new Endpoint({ keyPair, random, idleTimeoutMs: IDLE_TIMEOUT_MS }),
      socket: await Bun.udpSocket({
        hostname,
        port: 0,
        socket: {
          data: (_socket, bytes, port, host) => this.#onDatagram(stranger, { host, port }, bytes),
          error() {}, // nobody is there
        },
      }),
    };
    return stranger;
  }

  #onDatagram(
    stranger: Stranger,
    from: { host: string; port: number },
    datagram: Uint8Array,
  ): void {
    const bytes = Uint8Array.from(datagram);
    this.#counts.bytesIn += bytes.length;
    const packet = decodeDatagram(bytes);
    if ("reason" in packet) return;
    if (packet.kind === PacketKind.Retry) {
      this.#counts.retries++;
      if (packet.nonce[0] === OWN) this.#initiate(stranger, packet.cookie);
    }
    if (packet.kind === PacketKind.Respond) this.#counts.responds++;
    stranger.endpoint.receive(performance.now(), from, bytes);
    this.#turn(stranger);
  }

  /** A handshake begins, of one kind or another; the answer to its HELLO makes it go on. */
  #shake(): void {
    this.#counts.handshakes++;
    const stranger = this.#random.pick(this.#strangers);
    if (this.#random.chance(SHARES.completed)) {
      const { serverPort: port } = this.#plan;
      stranger.endpoint.connect(performance.now(), { host: HOST, port });
      this.#turn(stranger);
      return;
    }
    const nonce = this.#random.bytes(NONCE_BYTES);
    nonce[0] = OWN;
    this.#give(stranger, encodeHello(nonce));
  }

  /** The cookie is good: most of what stands behind it is as well. */
  #initiate(stranger: Stranger, cookie: Uint8Array): void {
    const dice = this.#random.float() * (1 - SHARES.completed);
    let message: Uint8Array | undefined;
    if (dice < SHARES.repeated) message = this.#repeated;
    else if (dice >= SHARES.repeated + SHARES.noise) message = this.#messages.pop();
    if (message === undefined) message = this.#cut(NOISE_MESSAGE_BYTES);
    else this.#repeated = message;
    this.#give(stranger, encodeInitiate(cookie, message));
  }

  /** What the endpoint of one that shakes hands in full has to say. */
  #turn(stranger: Stranger): void {
    const now = performance.now();
    const { endpoint } = stranger;
    if (endpoint.nextWakeup() <= now) endpoint.wake(now);
    for (const event of endpoint.takeEvents()) {
      if (event.type === "established") this.#counts.established++;
    }
    for (const { bytes } of endpoint.flush(now)) this.#give(stranger, Uint8Array.from(bytes));
  }

  #message(keyPair: KeyPair): Uint8Array {
    const random = (count: number) => this.#random.bytes(count);
    const handshake = new InitiatorHandshake({
      static: keyPair,
      ephemeral: ephemeralKeyPair(random),
      remoteStatic: this.#plan.serverKey,
      prologue: PROLOGUE,
    });
    const payload = encodeInitiatePayload({ sender: this.#random.u32(), resetToken: random(16) });
    return handshake.writeInitiate(payload)!;
  }

  #sendAny(): void {
    const dice = this.#random.float();
    const { recorded, clientPorts, serverPort } = this.#plan;
    const stranger = this.#random.pick(this.#strangers);
    const port = this.#random.chance(0.8) ? serverPort : this.#random.pick(clientPorts);
    if (dice < 0.4) {
      this.#counts.garbage++;
      this.#give(stranger, this.#cut(this.#random.between(1, 1_400)), port);
    } else if (dice < 0.7) {
      this.#counts.replayed++;
      this.#give(stranger, this.#random.pick(recorded), port);
    } else {
      this.#counts.spoofed++;
      this.#give(stranger, this.#falseFlag(), port);
    }
  }

  /** The right kind and length, and wrong in all that counts. */
  #falseFlag(): Uint8Array {
    const random = this.#random;
    switch (random.below(4)) {
      case 0:
        return encodeHello(new Uint8Array(NONCE_BYTES));
      case 1: {
        const bytes = this.#cut(INITIATE_BYTES);
        bytes[0] = PacketKind.Initiate;
        return bytes;
      }
      case 2:
        return mutate(random, random.pick(this.#plan.recorded));
      default: {
        const bytes = Uint8Array.from(random.pick(this.#plan.recorded));
        for (let at = Math.min(13, bytes.length - 1); at < bytes.length; at++) bytes[at]! ^= 0x55;
        return bytes;
      }
    }
  }

  /** A piece of the noise. */
  #cut(length: number): Uint8Array {
    const from = this.#random.below(NOISE_BYTES - length);
    return this.#noise.slice(from, from + length);
  }

  #give({ socket }: Stranger, bytes: Uint8Array, port = this.#plan.serverPort): void {
    try {
      socket.send(bytes, port, HOST);
      this.#counts.bytesOut += bytes.length;
    } catch {
      // Lost, as on any network: the port is closed, or the buffer is full.
    }
  }
}

/** Begins the nonces of handshakes that this program makes itself. */
const OWN = 0xa5;

declare const self: Worker;

if (!Bun.isMainThread) {
  let load: Load | undefined;
  self.onmessage = async ({ data }: MessageEvent<LoadPlan | "run">) => {
    if (data === "run") return load?.run();
    load = new Load(data, (report) => self.postMessage(report));
    await load.prepare();
  };
}

// Handing many datagrams to a socket so that one that fails costs no other. Knows the moods of Bun's sendMany, but
// opens no socket. A datagram that cannot be sent is lost, as on the network; the transport sends it again.

import type { Datagram } from "../transport/address.ts";

/** The part of a `Bun.udpSocket` that sends: payload, port, host, payload, port, host, ... */
export interface RawSender {
  readonly closed: boolean;
  /** How many were taken, counted from the front. Throws when the very first one fails. */
  sendMany(packets: readonly (Uint8Array | number | string)[]): number;
}

/** Answers to earlier datagrams each fail one attempt on Linux, whoever it is for; a fault of its own fails them all. */
const ATTEMPTS_MAX = 3;

/** The kernel has no room at the moment. ENOBUFS and ENOMEM: the device's queue, or the memory for it, is full. */
const NO_ROOM = new Set(["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "ENOMEM"]);

const FIELDS_PER_DATAGRAM = 3;

/** Waiting for room: four times what one turn of the loop reads, so that its answers fit. More than that is lost. */
export const BACKLOG_MAX_DATAGRAMS = 4_096;

/** Bun does not always say when there is room again (a sendMany that stops between two of its batches). */
const DRAIN_RETRY_MS = 5;

/**
 * Sends as many as there is room for, and returns how many, from the front, are done with: taken by the kernel, or
 * impossible to send. The rest wants to wait for room.
 *
 * A short count means that the datagram behind the last one taken either failed or found no room; only another
 * attempt at that one tells which.
 */
export const sendAll = (sender: RawSender, datagrams: readonly Datagram[]): number => {
  const packets: (Uint8Array | number | string)[] = [];
  for (const { to, bytes } of datagrams) packets.push(bytes, to.port, to.host);
  let done = 0;
  let attempts = 0;
  while (done < datagrams.length) {
    try {
      const rest = done === 0 ? packets : packets.slice(done * FIELDS_PER_DATAGRAM);
      const taken = sender.sendMany(rest);
      if (taken <= 0) return done;
      done += taken;
      attempts = 0;
    } catch (error) {
      if (NO_ROOM.has(String((error as { code?: unknown }).code))) return done;
      attempts++;
      if (attempts < ATTEMPTS_MAX) continue;
      done++;
      attempts = 0;
    }
  }
  return done;
};

/** Sends in order, and keeps what finds no room until there is some. Never throws. */
export class Sender {
  readonly #raw: RawSender;
  #backlog: Datagram[] = [];
  #retry: Timer | undefined;

  constructor(raw: RawSender) {
    this.#raw = raw;
  }

  send(datagrams: readonly Datagram[]): void {
    if (datagrams.length === 0 || this.#raw.closed) return;
    if (this.#backlog.length > 0) {
      const room = BACKLOG_MAX_DATAGRAMS - this.#backlog.length;
      this.#backlog.push(...datagrams.slice(0, room));
      return;
    }
    const done = sendAll(this.#raw, datagrams);
    if (done === datagrams.length) return;
    this.#backlog = datagrams.slice(done, done + BACKLOG_MAX_DATAGRAMS);
    this.#retry ??= setTimeout(() => this.drain(), DRAIN_RETRY_MS);
  }

  /** There may be room again. */
  drain(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const waiting = this.#backlog;
    this.#backlog = [];
    this.send(waiting);
  }

  /** Gives up what still waits. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#backlog = [];
  }
}

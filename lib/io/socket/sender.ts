// Handing many datagrams to a socket so that one that fails costs no other. Knows the moods of Bun's sendMany, but
// opens no socket. A datagram that cannot be sent is lost, as on the network; the transport sends it again.

import type { Datagram } from "../../transport/address.ts";
import { join, type Piece, runFrom, separate } from "./segments.ts";

/** The part of a `Bun.udpSocket` that sends: payload, port, host, payload, port, host, ... */
export interface RawSender {
  readonly closed: boolean;
  /** How many were taken, counted from the front. Throws when the very first one fails. */
  sendMany(packets: readonly (Uint8Array | number | string)[]): number;
}

/** On Linux a pending ICMP error fails one attempt, whoever it concerns; a datagram at fault itself fails them all. */
const ATTEMPTS_MAX = 3;

/** The kernel has no room at the moment. ENOBUFS and ENOMEM: the device's queue, or the memory for it, is full. */
const NO_ROOM = new Set(["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "ENOMEM"]);

const FIELDS_PER_DATAGRAM = 3;

/** Waiting for room: four times what one turn of the loop reads, so that its answers fit. More than that is lost. */
export const BACKLOG_MAX_DATAGRAMS = 4_096;

/** Bun does not always say when there is room again (a sendMany that stops between two of its batches). */
const DRAIN_RETRY_MS = 5;

/** So many joined pieces are refused before no more are tried. */
const REFUSALS_MAX = 8;

const NONE: readonly Datagram[] = [];

/** Sets the size into which the socket cuts longer datagrams, in bytes; 0 for not at all. Returns whether it could. */
export type SetCut = (bytes: number) => boolean;

/**
 * Sends as many as there is room for, and returns how many, from the front, are done with: taken by the kernel, or
 * impossible to send, which `failed` is told. The rest wants to wait for room.
 *
 * A short count means that the datagram behind the last one taken either failed or found no room; only another
 * attempt at that one tells which.
 */
export const sendAll = <D extends Datagram>(
  sender: RawSender,
  datagrams: readonly D[],
  failed?: (datagram: D) => void,
): number => {
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
      failed?.(datagrams[done]!);
      done++;
      attempts = 0;
    }
  }
  return done;
};

/** Sends in order, and keeps what finds no room until there is some. Never throws. */
export class Sender {
  readonly #raw: RawSender;
  #setCut: SetCut | undefined;
  #cutAt = 0;
  #refusals = 0;
  #backlog: Datagram[] = [];
  #retry: Timer | undefined;

  constructor(raw: RawSender) {
    this.#raw = raw;
  }

  /** From now on the kernel is given several datagrams at a time, for as long as it takes them. */
  joinWith(setCut: SetCut): void {
    this.#setCut = setCut;
  }

  send(datagrams: readonly Datagram[]): void {
    if (datagrams.length === 0 || this.#raw.closed) return;
    if (this.#backlog.length > 0) {
      const room = BACKLOG_MAX_DATAGRAMS - this.#backlog.length;
      this.#backlog.push(...datagrams.slice(0, room));
      return;
    }
    const left =
      this.#setCut === undefined ? this.#sendEach(datagrams) : this.#sendJoined(datagrams);
    if (left.length === 0) return;
    this.#backlog = left.slice(0, BACKLOG_MAX_DATAGRAMS);
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

  /** Returns those that found no room. */
  #sendEach(datagrams: readonly Datagram[]): readonly Datagram[] {
    const done = sendAll(this.#raw, datagrams);
    return done === datagrams.length ? NONE : datagrams.slice(done);
  }

  /** The same, several at a time. */
  #sendJoined(datagrams: readonly Datagram[]): readonly Datagram[] {
    const pieces = join(datagrams);
    let done = 0;
    while (done < pieces.length) {
      const { end, cutAt, longest } = runFrom(pieces, done);
      // What is short enough is not cut anyway.
      if (!this.#cut(cutAt ?? (longest > this.#cutAt ? 0 : this.#cutAt))) break;
      const run = done === 0 && end === pieces.length ? pieces : pieces.slice(done, end);
      const taken = sendAll(this.#raw, run, (piece) => this.#sendRefused(piece));
      done += taken;
      if (taken < run.length) break;
    }
    const left = done === pieces.length ? NONE : separate(pieces.slice(done));
    if (this.#setCut !== undefined && this.#refusals <= REFUSALS_MAX) return left;
    this.#cut(0);
    this.#setCut = undefined;
    return this.#sendEach(left);
  }

  /** A device that cannot cut, if each of the parts passes alone; or a part that is too long for it, as it would be alone. */
  #sendRefused({ parts }: Piece): void {
    if (parts === undefined) return;
    let allPass = true;
    sendAll(this.#raw, parts, () => {
      allPass = false;
    });
    if (allPass) this.#refusals++;
  }

  /** Whether the socket cuts as it must. */
  #cut(cutAt: number): boolean {
    if (cutAt === this.#cutAt) return true;
    if (this.#setCut?.(cutAt) !== true) {
      this.#setCut = undefined;
      return false;
    }
    this.#cutAt = cutAt;
    return true;
  }
}

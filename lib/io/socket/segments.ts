// Datagrams of one size for one peer, joined into a piece that the kernel cuts again (UDP_SEGMENT, Linux): it asks
// little more for such a piece than for one datagram. Opens no socket.

import { Buffer } from "node:buffer";

import type { Datagram } from "../../transport/address.ts";

/** A datagram, or several in one piece. */
export interface Piece extends Datagram {
  /** What was joined: all as long as the first one, but for the last, which may be shorter. */
  readonly parts?: readonly Datagram[];
}

/** The kernel cuts a piece into so many at most (UDP_MAX_SEGMENTS). */
const PARTS_MAX = 64;

/** The longest payload of one UDP datagram over IPv4 (RFC 768, RFC 791): a piece passes for one until it is cut. */
const PIECE_MAX_BYTES = 65_507;

/** Joins what lies next to each other and may be joined. The order stays. */
export const join = (datagrams: readonly Datagram[]): readonly Piece[] => {
  const pieces: Piece[] = [];
  for (let start = 0; start < datagrams.length;) {
    const end = endOfPiece(datagrams, start);
    const first = datagrams[start]!;
    if (end === start + 1) pieces.push(first);
    else {
      const parts = datagrams.slice(start, end);
      pieces.push({ to: first.to, bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), parts });
    }
    start = end;
  }
  return pieces;
};

/** The datagrams as they were before. */
export const separate = (pieces: readonly Piece[]): Datagram[] =>
  pieces.flatMap((piece) => piece.parts ?? [piece]);

/** Pieces that go out with one setting of the socket, up to the one at `end`. */
interface Run {
  readonly end: number;
  /** The size into which the joined ones must be cut, in bytes; undefined where there are none. */
  readonly cutAt: number | undefined;
  /** The longest of the others, in bytes: it must not be cut. */
  readonly longest: number;
}

/** As many as can go out together from `start` on. */
export const runFrom = (pieces: readonly Piece[], start: number): Run => {
  let cutAt: number | undefined;
  let longest = 0;
  let end = start;
  for (; end < pieces.length; end++) {
    const { bytes, parts } = pieces[end]!;
    if (parts === undefined) {
      if (cutAt !== undefined && bytes.length > cutAt) break;
      longest = Math.max(longest, bytes.length);
    } else {
      const partBytes = parts[0]!.bytes.length;
      if (partBytes !== (cutAt ?? partBytes) || longest > partBytes) break;
      cutAt = partBytes;
    }
  }
  return { end, cutAt, longest };
};

function endOfPiece(datagrams: readonly Datagram[], start: number): number {
  const { to, bytes } = datagrams[start]!;
  let total = bytes.length;
  let end = start + 1;
  for (; end < datagrams.length && end - start < PARTS_MAX; end++) {
    const next = datagrams[end]!;
    // The same object, not only the same address: a session has one for all that it sends.
    if (next.to !== to || next.bytes.length > bytes.length) break;
    total += next.bytes.length;
    if (total > PIECE_MAX_BYTES) break;
    if (next.bytes.length < bytes.length) return end + 1;
  }
  return end;
}

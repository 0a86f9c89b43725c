// What is remembered of a packet until it is acknowledged.

/** An ack-eliciting packet that was sent, and what must be sent again should it be lost. */
export interface SentPacket {
  readonly number: number;
  /** ms */
  readonly sentAt: number;
  /** Size of the datagram. */
  readonly bytes: number;
  /** Stream ranges it carried, flat: start, end, start, end, ... */
  readonly stream: readonly number[];
  /** Whether it told the peer a new flow control limit. */
  readonly maxData: boolean;
  /** Whether it carried a public key for new keys. */
  readonly rekey: boolean;
  /** The largest packet number that its ACK named; -1 if it had none. */
  readonly acknowledges: number;
  /** Whether it asked for an acknowledgement at once. */
  readonly asks: boolean;
  /** Whether it was only sent to see whether one of its size arrives. */
  readonly sizeProbe: boolean;
}

/** The record of a packet that was only sent to see whether one of its size arrives. */
export const sizeProbe = (number: number, sentAt: number, bytes: number): SentPacket => ({
  number,
  sentAt,
  bytes,
  stream: [],
  maxData: false,
  rekey: false,
  acknowledges: -1,
  asks: true,
  sizeProbe: true,
});

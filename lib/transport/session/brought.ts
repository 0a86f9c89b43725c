// What a packet of a session brought, for the endpoint that handed it in. Knows nothing of frames or keys.

/** Besides what the session keeps to itself. Good until the next packet: one object serves for all. */
export type Received = Readonly<Omit<Brought, "clear">>;

export class Brought {
  readonly messages: Uint8Array[] = [];
  /** Number of the last message the peer has taken, if that went up. */
  delivered: number | undefined;
  /** The peer is at another address. */
  moved = false;
  /** The peer closed the session, or broke the protocol: it is over. */
  over: "peer" | "violation" | undefined;
  /** Whether there were bytes of the stream in it. */
  streamed = false;
  /** Nothing comes of it: there is nothing to send, and the session's deadline is no earlier than before. */
  calm = false;

  /** For the next packet. */
  clear(): void {
    this.messages.length = 0;
    this.delivered = undefined;
    this.moved = false;
    this.over = undefined;
    this.streamed = false;
    this.calm = false;
  }
}

// What a packet of a session brought, for the endpoint that handed it in. Knows nothing of frames or keys.

/** Besides what the session keeps to itself. Good until the next packet: one object serves for all. */
export interface Received {
  readonly messages: readonly Uint8Array[];
  /** Number of the last message the peer has taken, if that went up. */
  readonly delivered: number | undefined;
  readonly moved: boolean;
  /** The peer closed the session, or broke the protocol: it is over. */
  readonly over: "peer" | "violation" | undefined;
  /** Whether there were bytes of the stream in it. */
  readonly streamed: boolean;
  /** Nothing comes of it: there is nothing to send, and the session's deadline is no earlier than before. */
  readonly calm: boolean;
}

export class Brought implements Received {
  readonly messages: Uint8Array[] = [];
  delivered: number | undefined;
  moved = false;
  over: Received["over"];
  streamed = false;
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

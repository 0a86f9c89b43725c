// Where a datagram comes from or goes to. Knows nothing of sockets.

/** An IPv4 endpoint: `host` as a dotted quad, `port` 1-65535. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One UDP payload and where it goes. */
export interface Datagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

export const sameAddress = (a: Address, b: Address): boolean =>
  a.port === b.port && a.host === b.host;

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

/** The /24 prefix of a host, a dotted quad: whoever controls one address in it may control all of them. */
export const prefixOf = (host: string): string => host.slice(0, host.lastIndexOf("."));

export const PORT_MAX = 65_535;

/** A dotted quad, four decimal numbers of one byte. No leading zeros: some resolvers read those as octal. */
export const isDottedQuad = (text: string): boolean => {
  const parts = text.split(".");
  const isByte = (part: string) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255;
  return parts.length === 4 && parts.every(isByte);
};

/** RFC 1122 section 3.2.1.3 (g): all of these are this machine, and nothing to them leaves it. */
export const isLoopback = (dottedQuad: string): boolean => dottedQuad.startsWith("127.");

// From a host name to an IPv4 address, by the system's own resolver; and whether that is this machine.

import { isDottedQuad, isLoopback } from "../../transport/address.ts";

/** A resolver that answers nothing is given up: nobody waits longer at a prompt that has not come. */
const RESOLVE_TIMEOUT_MS = 5_000;

/**
 * The first IPv4 address of a host; a dotted quad is its own. `undefined`: there is none, or no answer in time. Of this
 * machine it is always 127.0.0.1: whichever loopback address is asked (a machine's own name is 127.0.1.1 on many), the
 * system lets the answer come from there.
 */
export const resolveHost = async (host: string): Promise<string | undefined> => {
  const address = isDottedQuad(host) ? host : await lookUp(host);
  return address !== undefined && isLoopback(address) ? "127.0.0.1" : address;
};

/** Whether an address is one of this machine. */
export const isThisMachine = async (address: string): Promise<boolean> => {
  if (isLoopback(address)) return true;
  const { networkInterfaces } = await import("node:os");
  try {
    return Object.values(networkInterfaces()).some((all) =>
      all?.some((one) => one.address === address),
    );
  } catch {
    return false; // a system that does not tell
  }
};

const lookUp = async (host: string): Promise<string | undefined> => {
  const { lookup } = await import("node:dns/promises");
  const { promise: timeout, resolve: giveUp } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => giveUp(undefined), RESOLVE_TIMEOUT_MS);
  try {
    return (await Promise.race([lookup(host, { family: 4 }), timeout]))?.address;
  } catch {
    return undefined; // no such name, no resolver, no network: the user is told one and the same
  } finally {
    clearTimeout(timer);
  }
};

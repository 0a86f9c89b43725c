// Every target there is.

import { type Fuzzer, fuzzer } from "../fuzzer.ts";
import { args } from "./arguments.ts";
import { client } from "./client.ts";
import { commands } from "./commands.ts";
import { endpoint } from "./endpoint.ts";
import { frames } from "./frames.ts";
import { input } from "./input.ts";
import { knownServers } from "./known-servers.ts";
import { messages } from "./messages.ts";
import { packets } from "./packets.ts";
import { reader } from "./reader.ts";
import { server } from "./server.ts";
import { texts } from "./texts.ts";
import { typing } from "./typing.ts";

export const FUZZERS: readonly Fuzzer[] = [
  fuzzer(packets()),
  fuzzer(frames()),
  fuzzer(reader),
  fuzzer(messages()),
  fuzzer(texts()),
  fuzzer(commands()),
  fuzzer(args),
  fuzzer(knownServers),
  fuzzer(input),
  fuzzer(typing),
  fuzzer(endpoint),
  fuzzer(server),
  fuzzer(client),
];

/** Throws if there is no such target. */
export const fuzzerOf = (name: string): Fuzzer => {
  const found = FUZZERS.find((one) => one.name === name);
  if (found === undefined) {
    const names = FUZZERS.map((one) => one.name).join(", ");
    throw new Error(`no such target: ${name}; there are ${names}`);
  }
  return found;
};

// The servers that this user's clients have met, and their keys: `known_servers`, a line each, to be read and changed by
// hand as well. The format is pure; one function reads the file, one writes it.

import { join } from "node:path";

import { PUBLIC_KEY_BYTES } from "../../transport/crypto/keys.ts";
import { equalBytes } from "../../transport/wire/bytes.ts";
import { configFolder, NO_FOLDER } from "./config-folder.ts";
import { changeWhole, readWhole } from "./whole-file.ts";

const FILE_NAME = "known_servers";

const HEADER = `\
# The servers that were met, and their keys. Where a line is taken out, the next key is taken as the first one was.
`;

/** `host:port key-in-base64` */
const LINE = /^(\S+:[0-9]+)[ \t]+([0-9A-Za-z+/]{43}=)$/;

export interface KnownServers {
  /** By `serverName`; the last line counts. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Numbers, from 1, of lines that say nothing. */
  readonly damaged: readonly number[];
}

/** Undefined for a user who has no folder for it. */
export const knownServersPath = (): string | undefined => {
  const folder = configFolder();
  return folder && join(folder, FILE_NAME);
};

/** What a server is called in the file: as it was typed, without regard to case. */
export const serverName = (host: string, port: number): string => `${host.toLowerCase()}:${port}`;

const parseLine = (line: string): [name: string, key: Uint8Array] | undefined => {
  const [, name, base64 = ""] = LINE.exec(line.trim()) ?? [];
  const key = Buffer.from(base64, "base64");
  return name !== undefined && key.length === PUBLIC_KEY_BYTES
    ? [name.toLowerCase(), Uint8Array.from(key)]
    : undefined;
};

const isRemark = (line: string): boolean => /^\s*(#|$)/.test(line);

export const parseKnownServers = (text: string): KnownServers => {
  const keys = new Map<string, Uint8Array>();
  const damaged: number[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (isRemark(line)) continue;
    const entry = parseLine(line);
    if (entry === undefined) damaged.push(at + 1);
    else keys.set(...entry);
  }
  return { keys, damaged };
};

/** The text with this server's key, in the place of the ones that it had. All other lines stay as they are. */
export const withServer = (text: string, name: string, key: Uint8Array): string => {
  const entry = `${name} ${Buffer.from(key).toString("base64")}`;
  const lines = text.split("\n");
  const isOfServer = (line: string): boolean => parseLine(line)?.[0] === name;
  const place = lines.findIndex(isOfServer);
  if (place === -1) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${entry}\n`;
  return lines
    .flatMap((line, at) => (at === place ? [entry] : isOfServer(line) ? [] : [line]))
    .join("\n");
};

/** None where there is no file. Rejects when it cannot be read. */
export const readKnownServers = async (): Promise<KnownServers> => {
  const path = knownServersPath();
  return parseKnownServers((path && (await readWhole(path))) ?? "");
};

/**
 * Remembers a key. One that is known stays, unless it is to be replaced. Rejects when the file cannot be written, and when
 * another key stays.
 */
export const rememberServer = async (
  name: string,
  key: Uint8Array,
  replace: boolean,
): Promise<void> => {
  const path = knownServersPath();
  if (path === undefined) throw new Error(NO_FOLDER);
  await changeWhole(path, (text = HEADER) => {
    const known = parseKnownServers(text).keys.get(name);
    if (known === undefined || replace) return withServer(text, name, key);
    if (equalBytes(known, key)) return undefined;
    throw new Error("another client has just met it with another one");
  });
};

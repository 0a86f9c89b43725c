// The questions that are asked at a terminal when a program was started without any words. Every answer is checked by
// the same functions as the words would be.

import { userInfo } from "node:os";

import { openUdpSocket } from "../socket/udp-socket.ts";
import { answerTo } from "../terminal/question.ts";
import type { ClientRun, ServerRun } from "./arguments.ts";
import { commandNames } from "./usage.ts";
import type { Parsed } from "./values.ts";
import { parseHost, parseName, parsePort } from "./values.ts";

const USUAL_SERVER_PORT = "5000";

/** This machine. */
const USUAL_SERVER_HOST = "0.0.0.0";

/** For a user whose name on this machine cannot be found, or is none here. */
const USUAL_NAME = "user";

/** What Bun calls a user whose name it cannot find. */
const NAME_OF_NOBODY = "unknown";

/** Who is asked is not asked for these. */
const NO_FLAGS = { password: undefined, verbose: false } as const;

interface Question<Value> {
  readonly message: string;
  /** The answer that Enter alone gives; typing replaces it. */
  readonly usual: string;
  readonly parse: (text: string) => Parsed<Value>;
}

type Prompts = typeof import("@clack/prompts");

/** The answer; undefined if the user has no wish to go on (`^C`, `^D`, Escape). */
const ask = async <Value>(
  prompts: Prompts,
  { message, usual, parse }: Question<Value>,
): Promise<Value | undefined> => {
  const parseOrUsual = (text: string | undefined): Parsed<Value> =>
    parse(text === undefined || text.trim() === "" ? usual : text.trim());
  const answer = await answerTo((signal) =>
    prompts.text({
      message,
      placeholder: usual,
      defaultValue: usual,
      validate: (text) => {
        const parsed = parseOrUsual(text);
        return parsed.ok ? undefined : parsed.reason;
      },
      signal,
    }),
  );
  if (answer === undefined) return undefined;
  const parsed = parseOrUsual(answer);
  return parsed.ok ? parsed.value : undefined;
};

/** The user's name on this machine, if it is one here as well. `nameOnSystem` may throw. */
export const usualName = (nameOnSystem = () => userInfo().username): string => {
  try {
    const name = nameOnSystem();
    return name !== NAME_OF_NOBODY && parseName(name).ok ? name : USUAL_NAME;
  } catch {
    return USUAL_NAME; // a user without an entry in the system's list
  }
};

/** A port that is free right now. */
const freePort = async (): Promise<string> => {
  const opened = await openUdpSocket({ port: 0, onDatagram: () => {} });
  if (!opened.ok) return "";
  const { port } = opened.socket;
  opened.socket.close();
  return String(port);
};

/** Asks what a server needs to know. Undefined: the user gave up. */
export const askServer = async (): Promise<ServerRun | undefined> => {
  const prompts = await import("@clack/prompts");
  prompts.intro("ChatApp server");
  const port = await ask(prompts, {
    message: "Port",
    usual: USUAL_SERVER_PORT,
    parse: (text) => parsePort("port", text),
  });
  if (port === undefined) return undefined;
  prompts.outro(`The same without questions: ${commandNames(Bun.main).server} ${port}`);
  return { port, keyFile: undefined, limits: {}, ...NO_FLAGS };
};

/** Asks what a client needs to know. Undefined: the user gave up. */
export const askClient = async (): Promise<ClientRun | undefined> => {
  const prompts = await import("@clack/prompts");
  prompts.intro("ChatApp client");
  const name = await ask(prompts, {
    message: "Your name",
    usual: usualName(),
    parse: parseName,
  });
  if (name === undefined) return undefined;
  const serverHost = await ask(prompts, {
    message: "Address of the server",
    usual: USUAL_SERVER_HOST,
    parse: parseHost,
  });
  if (serverHost === undefined) return undefined;
  const serverPort = await ask(prompts, {
    message: "Port of the server",
    usual: USUAL_SERVER_PORT,
    parse: (text) => parsePort("server-port", text),
  });
  if (serverPort === undefined) return undefined;
  const clientPort = await ask(prompts, {
    message: "Port of this client",
    usual: await freePort(),
    parse: (text) => parsePort("client-port", text),
  });
  if (clientPort === undefined) return undefined;
  const words = [commandNames(Bun.main).client, name, serverHost, serverPort, clientPort];
  prompts.outro(`The same without questions: ${words.join(" ")}`);
  return { name, serverHost, serverPort, clientPort, acceptNewKey: false, ...NO_FLAGS };
};

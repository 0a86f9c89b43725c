// The words of the server's lines. Names and texts from outside are made safe to show here, all of them, so that nobody can
// forget it: a name that is allowed may still carry more marks on one letter than a screen should show.

import { printable } from "../printable.ts";

/** A line in brackets. Makes every value safe to show. */
const line = (words: TemplateStringsArray, ...values: readonly string[]): string => {
  let text = `[${words[0]}`;
  for (const [at, value] of values.entries()) text += printable(value) + words[at + 1];
  return `${text}]`;
};

export const started = (port: number): string => line`Server started on ${String(port)}`;
export const QUITTING = line`Quitting.`;
export const TABLE_UPDATED = line`Server table updated.`;

export const removedClient = (name: string): string =>
  line`Server table updated. (removed ${name})`;

export const created = (name: string, group: string): string =>
  line`Client ${name} created group \`${group}\` successfully!`;

export const creatingFailed = (name: string, group: string): string =>
  line`Client ${name} creating group \`${group}\` failed, group already exists`;

export const listedGroups = (name: string): string =>
  line`Client ${name} requested listing groups, current groups:`;

export const joined = (name: string, group: string): string =>
  line`Client ${name} joined group \`${group}\``;

export const joiningFailed = (name: string, group: string): string =>
  line`Client ${name} joining group \`${group}\` failed, group does not exist`;

export const sentGroupMessage = (name: string, text: string): string =>
  line`Client ${name} sent group message: ${text}`;

export const ackedGroupMessage = (name: string): string => line`Client ${name} acked group message`;

export const notResponsive = (name: string, group: string): string =>
  line`Client ${name} not responsive, removed from group ${group}`;

export const listedMembers = (name: string, group: string): string =>
  line`Client ${name} requested listing members of group ${group}`;

export const left = (name: string, group: string): string =>
  line`Client ${name} left group ${group}`;

export const tooFast = (name: string): string =>
  line`Client ${name} is sending faster than allowed, its messages wait their turn`;

/** One name of a list. */
export const item = (name: string): string => line`${name}`;

// The words of the server's lines. Names of users are checked and safe to show as
// they are; everything else that came from outside is made safe here.

import { printable } from "../printable.ts";

export const STARTED = (port: number): string => `[Server started on ${port}]`;
export const QUITTING = "[Quitting.]";
export const TABLE_UPDATED = "[Server table updated.]";

export const removedClient = (name: string): string => `[Server table updated. (removed ${name})]`;

export const created = (name: string, group: string): string =>
  `[Client ${name} created group \`${group}\` successfully!]`;

export const creatingFailed = (name: string, group: string): string =>
  `[Client ${name} creating group \`${printable(group)}\` failed, group already exists]`;

export const listedGroups = (name: string): string =>
  `[Client ${name} requested listing groups, current groups:]`;

export const joined = (name: string, group: string): string =>
  `[Client ${name} joined group \`${group}\`]`;

export const joiningFailed = (name: string, group: string): string =>
  `[Client ${name} joining group \`${printable(group)}\` failed, group does not exist]`;

export const sentGroupMessage = (name: string, text: string): string =>
  `[Client ${name} sent group message: ${printable(text)}]`;

export const ackedGroupMessage = (name: string): string => `[Client ${name} acked group message]`;

export const notResponsive = (name: string, group: string): string =>
  `[Client ${name} not responsive, removed from group ${group}]`;

export const listedMembers = (name: string, group: string): string =>
  `[Client ${name} requested listing members of group ${group}]`;

export const left = (name: string, group: string): string => `[Client ${name} left group ${group}]`;

/** One name of a list. */
export const item = (name: string): string => `[${name}]`;

// What was measured, as text: a table for each case, a row for each contender, a column for each figure. Pure.

import type { Figures, FigureSpec, Goal } from "./part.ts";
import { type CaseResult, type ContenderResult, type GoalResult, medianOf } from "./rounds.ts";

const DIGITS = 3;

/** In three digits or so: 0.0123, 6.21, 98.3 k, 1.92 M. */
export const numberText = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 999_500) return `${(value / 1e6).toPrecision(DIGITS)} M`;
  if (size >= 9_995) return `${(value / 1e3).toPrecision(DIGITS)} k`;
  if (Number.isInteger(value)) return `${value}`;
  return size >= 100 ? value.toFixed(0) : value.toPrecision(DIGITS);
};

const spreadText = (values: readonly number[]): string =>
  values.length < 2
    ? ""
    : ` (${numberText(Math.min(...values))} - ${numberText(Math.max(...values))})`;

const ratioText = (ratio: number): string => {
  if (!Number.isFinite(ratio)) return "";
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(DIGITS)}x`;
};

/** Median and spread, and the ratio of ours to it where it is another's. */
const cells = (
  contender: ContenderResult,
  ours: ContenderResult,
  { name }: FigureSpec,
): [string, string] => {
  const value = medianOf(contender, name);
  if (Number.isNaN(value)) return ["-", ""];
  const values = contender.rounds.map((figures: Figures) => figures[name]!);
  const ratio = contender === ours ? "" : ratioText(medianOf(ours, name) / value);
  return [`${numberText(value)}${spreadText(values)}`, ratio];
};

/** Columns under each other, the first to the left, the others to the right; none with nothing below its header. */
const columns = ([header, ...body]: readonly (readonly string[])[]): string[] => {
  const filled = header!.map((_, index) => body.some((row) => row[index] !== ""));
  const rows = [header!, ...body].map((row) => row.filter((_, index) => filled[index]));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
      .join("  ")
      .trimEnd(),
  );
};

const limitText = ({ atMost, atLeast, against }: Goal): string => {
  const unit = against === "" ? "" : `x ${against}`;
  const parts: string[] = [];
  if (atMost !== undefined) parts.push(`at most ${atMost}${unit}`);
  if (atLeast !== undefined) parts.push(`at least ${atLeast}${unit}`);
  return parts.join(", ");
};

const goalText = ({ goal, value, met }: GoalResult): string => {
  const measured =
    value === undefined
      ? "not measured"
      : `${goal.against === "" ? numberText(value) : ratioText(value)}, ${met ? "met" : "MISSED"}`;
  return `goal: ${goal.figure} ${limitText(goal)}: ${measured}`;
};

/** "x" is the ratio of the first row to this one. */
export const caseText = (
  part: string,
  { name, figures, contenders, goals }: CaseResult,
): string => {
  const ours = contenders[0]!;
  const measured = contenders.filter(({ rounds }) => rounds.length > 0);
  const header = [
    "",
    ...figures.flatMap(({ name, unit }) => [unit ? `${name}, ${unit}` : name, "x"]),
  ];
  const rows = measured.map((contender) => [
    contender.name,
    ...figures.flatMap((figure) => cells(contender, ours, figure)),
  ]);
  const missing = contenders.flatMap((contender) =>
    contender.missing === undefined
      ? []
      : [`${contender.name}: ${contender.failed ? "FAILED, " : "left out, "}${contender.missing}`],
  );
  return [
    `${part}: ${name}`,
    ...(rows.length === 0 ? [] : columns([header, ...rows])),
    ...missing,
    ...goals.map(goalText),
  ]
    .map((line, index) => (index === 0 ? line : `  ${line}`))
    .join("\n");
};

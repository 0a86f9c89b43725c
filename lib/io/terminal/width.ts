// How much room text takes in a terminal: what it consists of (grapheme clusters, UAX #29), how wide each part is, and
// where the rows break. Knows nothing of prompts, keys or escape sequences: text comes in without any.

/** One grapheme cluster of a typed text: where it begins, what is drawn for it, and how many cells that takes. */
interface Cluster {
  /** Index in the text, in UTF-16 units. */
  readonly at: number;
  readonly drawn: string;
  /** 1 or 2. */
  readonly cells: number;
}

const ASCII = /^[\x20-\x7e]*$/;
const NOT_ASCII = /[^\x20-\x7e]/gu;

/** What must not reach the terminal as it is: it would be obeyed, or turn the text around. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Stands for what is unsafe, or has no width: terminals do not agree on that. */
const REPLACEMENT = "\ufffd";

let segmenter: Intl.Segmenter | undefined;

// Intl's tables take 2 ms to load; most lines never need them.
const segments = (text: string): Intl.Segments => {
  segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return segmenter.segment(text);
};

/** True if every terminal gives the text the same width; for any other text, their tables differ. */
export const isAscii = (text: string): boolean => ASCII.test(text);

/** How many cells a text takes at most, whatever the terminal: none gives a single code point more than two. */
export const mostCells = (text: string): number => text.replaceAll(NOT_ASCII, "xx").length;

/** Where the cluster begins that ends at or behind `at`; 0 at the start. */
export const clusterBefore = (text: string, at: number): number => {
  if (at <= 0) return 0;
  return segments(text).containing(at - 1)?.index ?? 0;
};

/** Where the cluster ends that stands at `at`; the text's length at its end. */
export const clusterAfter = (text: string, at: number): number => {
  const found = segments(text).containing(at);
  return found === undefined ? text.length : found.index + found.segment.length;
};

let lastText = "";
let lastClusters: Cluster[] = [];

/** The clusters of a text. A text that only grew since the last call costs no more than what was added. */
const clustersOf = (text: string): readonly Cluster[] => {
  if (text === lastText) return lastClusters;
  // What was added may join the last cluster, and an odd one before it (flags), so two are looked at again.
  const kept = text.startsWith(lastText) ? Math.max(0, lastClusters.length - 2) : 0;
  const from = kept === 0 ? 0 : (lastClusters[kept]?.at ?? 0);
  lastClusters.length = kept;
  for (const { segment, index } of segments(from === 0 ? text : text.slice(from))) {
    const cells = Math.min(Bun.stringWidth(segment), 2);
    const shown = cells > 0 && !UNSAFE.test(segment);
    lastClusters.push({
      at: from + index,
      drawn: shown ? segment : REPLACEMENT,
      cells: shown ? cells : 1,
    });
  }
  lastText = text;
  return lastClusters;
};

/** A text laid out on rows, as a terminal does it that breaks at its right edge. */
export interface Layout {
  /** What is drawn on each row. A last row that is full is followed by an empty one: the cursor goes there. */
  readonly rows: readonly string[];
  /** Where the cursor is, counted from 0. */
  readonly row: number;
  readonly column: number;
  /** What is drawn on the cursor's row before it. */
  readonly before: string;
}

const layOutAscii = (text: string, cursor: number, columns: number): Layout => {
  const rows: string[] = [];
  for (let at = 0; at <= text.length; at += columns) rows.push(text.slice(at, at + columns));
  const row = Math.floor(cursor / columns);
  return { rows, row, column: cursor % columns, before: text.slice(row * columns, cursor) };
};

/** Lays out `text`, with the cursor before the character at index `cursor`. `columns` is at least 1. */
export const layOut = (text: string, cursor: number, columns: number): Layout => {
  if (isAscii(text)) return layOutAscii(text, cursor, columns);
  const rows: string[] = [];
  let row = "";
  let cells = 0;
  let place: Omit<Layout, "rows"> | undefined;
  for (const cluster of clustersOf(text)) {
    // A wide character goes to the next row whole, and the cell before the edge stays empty.
    if (cells + cluster.cells > columns && cells > 0) {
      rows.push(row);
      row = "";
      cells = 0;
    }
    if (place === undefined && cluster.at >= cursor)
      place = { row: rows.length, column: cells, before: row };
    row += cluster.drawn;
    cells += cluster.cells;
  }
  rows.push(row);
  if (cells >= columns) {
    rows.push("");
    row = "";
    cells = 0;
  }
  place ??= { row: rows.length - 1, column: cells, before: row };
  return { rows, ...place };
};

/** How many rows a shown line takes in a terminal that measures it as it is done here. */
export const rowsOf = (text: string, columns: number): number => {
  const { rows } = layOut(text, text.length, columns);
  return rows.length > 1 && rows.at(-1) === "" ? rows.length - 1 : rows.length;
};

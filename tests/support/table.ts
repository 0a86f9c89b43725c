// Rows of text as a table in Markdown, which is as good to read on a screen.

/** Columns as wide as they must be: first those of text, then those of numbers, which are to the right. */
export const tableText = (rows: readonly (readonly string[])[], textColumns = 1): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row.map((cell, column) =>
        column < textColumns ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      ),
    )
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
};

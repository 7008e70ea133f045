/** Tables drawn with ASCII lines: headings in the middle, in capitals; cells at the right, folded at 30 columns. */

const foldColumns = 30;

function width(text: string): number {
  return Array.from(text).length;
}

interface Cell {
  readonly lines: readonly string[];
  readonly columns: number;
}

/** Folds text at single spaces so that lines stay within the limit where words allow; words are never cut. */
function fold(text: string): Cell {
  const words = text.replaceAll("\n", " ").split(" ");
  const longest = words.reduce((most, word) => Math.max(most, width(word)), 0);
  const wanted = Math.min(width(text), foldColumns);
  const lines = balance(words, Math.max(wanted, longest));
  return { lines, columns: lines.reduce((most, line) => Math.max(most, width(line)), wanted) };
}

/** Chooses the breaks that leave the least uneven ends: the sum of squared gaps, the last line free. */
function balance(words: readonly string[], limit: number): string[] {
  const count = words.length;
  const cost: number[] = new Array<number>(count + 1).fill(Number.POSITIVE_INFINITY);
  const next: number[] = new Array<number>(count).fill(count);
  cost[count] = 0;
  for (let from = count - 1; from >= 0; from--) {
    let length = -1;
    for (let to = from + 1; to <= count; to++) {
      length += 1 + width(words[to - 1] as string);
      if (length > limit && to > from + 1) break;
      const gap = to === count && length <= limit ? 0 : (limit - length) ** 2;
      const total = gap + (cost[to] as number);
      if (total >= (cost[from] as number)) continue;
      cost[from] = total;
      next[from] = to;
    }
  }
  const lines: string[] = [];
  for (let from = 0; from < count; from = next[from] as number) {
    lines.push(words.slice(from, next[from]).join(" "));
  }
  return lines;
}

function center(text: string, columns: number): string {
  const gap = columns - width(text);
  const left = Math.floor(gap / 2);
  return " ".repeat(Math.max(0, left)) + text + " ".repeat(Math.max(0, gap - left));
}

function padLeft(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - width(text))) + text;
}

/** Draws a table; the result ends with a newline. */
export function asciiTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = header.map((title) => title.replaceAll("_", " ").toUpperCase());
  const folded = rows.map((row) => row.map(fold));
  const columns = titles.map((title, at) => {
    return folded.reduce((most, row) => Math.max(most, row[at]?.columns ?? 0), width(title));
  });
  const rule = `+${columns.map((column) => "-".repeat(column + 2)).join("+")}+\n`;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  let text = rule + line(titles.map((title, at) => center(title, columns[at] as number))) + rule;
  for (const row of folded) {
    const height = row.reduce((most, cell) => Math.max(most, cell.lines.length), 1);
    for (let i = 0; i < height; i++) {
      text += line(row.map((cell, at) => padLeft(cell.lines[i] ?? "", columns[at] as number)));
    }
  }
  return text + rule;
}

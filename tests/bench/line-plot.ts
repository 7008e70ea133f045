// A plot of lines over logarithmic axes, as SVG text that is the same for the same points.

const width = 720;
const height = 400;
const left = 70;
const right = 190;
const top = 40;
const bottom = 50;
const colours: readonly string[] = ["#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b"];

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface LinePlot {
  readonly title: string;
  readonly xTitle: string;
  /** Their values lie above 0. */
  readonly lines: readonly { readonly name: string; readonly points: readonly Place[] }[];
  /** Whether steps of x are equal, not its factors. */
  readonly linearX: boolean;
}

const escape = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] ?? c);

function label(value: number): string {
  const units = [
    { least: 1e9, by: 1e9, suffix: "G" },
    { least: 1e6, by: 1e6, suffix: "M" },
    { least: 1e3, by: 1e3, suffix: "k" },
  ];
  const unit = units.find(({ least }) => value >= least) ?? { by: 1, suffix: "" };
  return `${Number((value / unit.by).toPrecision(3))}${unit.suffix}`;
}

/** Powers of ten around all of `values`. */
function decades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

/** Draws it. */
export function linePlot({ title, xTitle, lines, linearX }: LinePlot): string {
  const all = lines.flatMap(({ points }) => points);
  const xs = [...new Set(all.map(({ x }) => x))].sort((a, b) => a - b);
  const yTicks = decades(all.map(({ y }) => y));
  const scale = (value: number): number => (linearX ? value : Math.log10(value));
  const [firstX, lastX] = [scale(xs[0] ?? 1), scale(xs.at(-1) ?? 10)];
  const [firstY, lastY] = [Math.log10(yTicks[0] ?? 1), Math.log10(yTicks.at(-1) ?? 10)];
  const xAt = (x: number): number => left + ((scale(x) - firstX) / (lastX - firstX || 1)) * (width - left - right);
  const yAt = (y: number): number =>
    height - bottom - ((Math.log10(y) - firstY) / (lastY - firstY)) * (height - top - bottom);
  const at = ({ x, y }: Place): string => `${xAt(x).toFixed(1)},${yAt(y).toFixed(1)}`;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${left}" y="22" font-size="15">${escape(title)}</text>`,
  ];
  for (const tick of yTicks) {
    const y = yAt(tick).toFixed(1);
    parts.push(`<line x1="${left}" y1="${y}" x2="${width - right}" y2="${y}" stroke="#ddd"/>`);
    parts.push(`<text x="${left - 8}" y="${y}" dy="4" text-anchor="end">${label(tick)}</text>`);
  }
  for (const tick of xs) {
    const x = xAt(tick).toFixed(1);
    parts.push(`<line x1="${x}" y1="${top}" x2="${x}" y2="${height - bottom}" stroke="#eee"/>`);
    parts.push(`<text x="${x}" y="${height - bottom + 18}" text-anchor="middle">${label(tick)}</text>`);
  }
  const middle = (left + width - right) / 2;
  parts.push(`<text x="${middle}" y="${height - 10}" text-anchor="middle">${escape(xTitle)}</text>`);
  lines.forEach(({ name, points }, i) => {
    const colour = colours[i % colours.length];
    parts.push(`<polyline points="${points.map(at).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const place of points) {
      const [x, y] = at(place).split(",");
      const text = `${name}: ${label(place.y)} at ${label(place.x)}`;
      parts.push(`<circle cx="${x}" cy="${y}" r="3" fill="${colour}"><title>${escape(text)}</title></circle>`);
    }
    const y = top + 12 + i * 18;
    parts.push(
      `<line x1="${width - right + 10}" y1="${y}" x2="${width - right + 28}" y2="${y}" stroke="${colour}" stroke-width="2"/>`,
    );
    parts.push(`<text x="${width - right + 34}" y="${y}" dy="4">${escape(name)}</text>`);
  });
  return `${[...parts, "</svg>"].join("\n")}\n`;
}

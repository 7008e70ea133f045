// npm run plots: draws docs/figures/*.svg from the figures that `npm run bench -- --growth --json docs/figures/….json`
// recorded. Nothing is measured here.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/index.ts";
import type { GrowthAxis, GrowthPoint } from "./growth.ts";
import { linePlot, type Place } from "./line-plot.ts";

const folder = join(repositoryRoot, "docs/figures");

interface Plot {
  readonly file: string;
  readonly axis: GrowthAxis;
  /** What the axis below shows. */
  readonly x: string;
  readonly title: string;
  /** The figures that become its lines. */
  readonly what: RegExp;
}

const plots: readonly Plot[] = [
  { file: "keys-memory", axis: "keys", x: "keys", title: "Memory of one member, MB", what: /^memory/ },
  { file: "keys-restart", axis: "keys", x: "keys", title: "Restart until a read, ms", what: /^restart/ },
  {
    file: "keys-cpu",
    axis: "keys",
    x: "keys",
    title: "Server CPU, µs a request (one member, 100 clients)",
    what: /CPU/,
  },
  {
    file: "members-cpu",
    axis: "members",
    x: "members",
    title: "Server CPU, µs a request (1,000 clients)",
    what: /CPU/,
  },
  {
    file: "members-rate",
    axis: "members",
    x: "members",
    title: "Requests a second (1,000 clients)",
    what: /requests\/s/,
  },
  {
    file: "clients-cpu",
    axis: "clients",
    x: "clients",
    title: "Server CPU, µs a request (three members)",
    what: /CPU/,
  },
  {
    file: "clients-latency",
    axis: "clients",
    x: "clients",
    title: "Median latency, ms (three members)",
    what: /latency/,
  },
  {
    file: "values-cpu",
    axis: "value-bytes",
    x: "bytes of a value",
    title: "Server CPU of a put, µs (three members)",
    what: /CPU/,
  },
  {
    file: "values-rate",
    axis: "value-bytes",
    x: "bytes of a value",
    title: "Puts a second (three members)",
    what: /requests\/s/,
  },
];

function recorded(): GrowthPoint[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  if (files.length === 0) throw new Error(`${folder} holds no recorded figures`);
  return files.sort().flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as GrowthPoint[]);
}

/** The part of a figure's name that tells it from the others of its plot. */
const shortName = (what: string): string =>
  what
    .replace(/: .*$/, "")
    .replace(/^memory \(RSS\) /, "")
    .replace(/^restart.*$/, "")
    .replace(/, MB$/, "");

const points = recorded();
for (const { file, axis, x, title, what } of plots) {
  const lines = new Map<string, Place[]>();
  for (const point of points) {
    if (point.axis !== axis || !what.test(point.what)) continue;
    const name = [point.server, shortName(point.what)].filter(Boolean).join(", ");
    lines.set(name, [...(lines.get(name) ?? []), { x: point.x, y: point.value }]);
  }
  if (lines.size === 0) {
    console.log(`${file}: nothing was recorded`);
    continue;
  }
  const named = [...lines].map(([name, line]) => ({ name, points: line.sort((a, b) => a.x - b.x) }));
  writeFileSync(join(folder, `${file}.svg`), linePlot({ title, xTitle: x, lines: named, linearX: axis === "members" }));
  console.log(`docs/figures/${file}.svg: ${named.map(({ name }) => name).join("; ")}`);
}

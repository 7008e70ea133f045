import { median } from "./table.ts";

/** One measured size or time of one server; less is better. */
export interface Measurement {
  readonly round: number;
  readonly server: string;
  /** What was measured, with its unit. */
  readonly what: string;
  readonly value: number;
  /** Parts of the value or facts beside it, which get no ratio. */
  readonly detail?: string;
}

const digitsOf = (value: number): number => (value >= 100 ? 0 : 1);

/** One line per measured thing: medians over the rounds of each server, and ours divided by the best of the others. */
export function formatSizes(measurements: readonly Measurement[], servers: readonly string[]): string {
  const line = (what: string, cells: readonly string[]): string =>
    `${what.padEnd(52)}${cells.map((cell) => cell.padStart(12)).join("")}`.trimEnd();
  const lines = [line("size or time", [...servers, "ours/best"])];
  for (const what of new Set(measurements.map((one) => one.what))) {
    const medians = servers.map((server) =>
      median(measurements.filter((one) => one.what === what && one.server === server).map((one) => one.value)),
    );
    const cells = medians.map((value) => (Number.isNaN(value) ? "–" : value.toFixed(digitsOf(value))));
    const ours = medians[servers.indexOf("quorate")] ?? Number.NaN;
    const best = Math.min(...medians.filter((value, i) => servers[i] !== "quorate" && !Number.isNaN(value)));
    cells.push(Number.isNaN(ours) || !Number.isFinite(best) ? "–" : `${(ours / best).toFixed(2)}×`);
    lines.push(line(what, cells));
  }
  const details = measurements.filter((one) => one.detail !== undefined);
  if (details.length > 0) lines.push("");
  for (const { round, server, what, detail } of details) {
    lines.push(`round ${round}  ${server.padEnd(10)}${what.padEnd(52)}${detail}`);
  }
  return lines.join("\n");
}

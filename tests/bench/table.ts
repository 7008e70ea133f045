import type { LoadResult, Workload } from "./load.ts";

/** One measured cell: one server program, one workload, one number of clients, one round. */
export interface Cell extends LoadResult {
  readonly round: number;
  readonly server: string;
  readonly workload: Workload;
  readonly clients: number;
  readonly cpuMicrosPerRequest: number;
  readonly peakMegabytes: number;
}

/** A cell that could not be measured, and why. */
export interface FailedCell {
  readonly round: number;
  readonly server: string;
  readonly workload: Workload;
  readonly clients: number;
  readonly failure: string;
}

type Metric = "requestsPerSecond" | "p50Ms" | "p99Ms" | "cpuMicrosPerRequest" | "peakMegabytes";
type Row = Readonly<Record<Metric, number>>;

const columns: readonly { metric: Metric; title: string; digits: number; best: "max" | "min" }[] = [
  { metric: "requestsPerSecond", title: "req/s", digits: 0, best: "max" },
  { metric: "p50Ms", title: "p50 ms", digits: 2, best: "min" },
  { metric: "p99Ms", title: "p99 ms", digits: 2, best: "min" },
  { metric: "cpuMicrosPerRequest", title: "CPU µs/req", digits: 1, best: "min" },
  { metric: "peakMegabytes", title: "peak MB", digits: 0, best: "min" },
];

/** The middle of an odd number of values, the mean of the middle two of an even one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

function summarize(cells: readonly Cell[]): Row | undefined {
  if (cells.length === 0) return undefined;
  const of = (metric: Metric): number => median(cells.map((cell) => cell[metric]));
  return {
    requestsPerSecond: of("requestsPerSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    cpuMicrosPerRequest: of("cpuMicrosPerRequest"),
    peakMegabytes: of("peakMegabytes"),
  };
}

/** Ours divided by the best of the others, column by column. */
export function ratios(ours: Row, others: readonly Row[]): Row {
  const of = (metric: Metric): number => {
    const values = others.map((row) => row[metric]);
    const best = columns.find((column) => column.metric === metric)?.best === "max";
    return ours[metric] / (best ? Math.max(...values) : Math.min(...values));
  };
  return {
    requestsPerSecond: of("requestsPerSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    cpuMicrosPerRequest: of("cpuMicrosPerRequest"),
    peakMegabytes: of("peakMegabytes"),
  };
}

function line(workload: string, clients: string, server: string, values: readonly string[]): string {
  return `${workload.padEnd(18)}${clients.padStart(8)}  ${server.padEnd(10)}${values.map((v) => v.padStart(12)).join("")}`;
}

/** The one table: medians over the rounds, and under each group ours divided by the best etcd, column by column. */
export function formatTable(cells: readonly Cell[], failed: readonly FailedCell[], servers: readonly string[]): string {
  const lines = [
    line(
      "workload",
      "clients",
      "server",
      columns.map(({ title }) => title),
    ),
  ];
  const groups = new Map<string, { workload: Workload; clients: number }>();
  for (const { workload, clients } of [...cells, ...failed])
    groups.set(`${workload} ${clients}`, { workload, clients });
  for (const { workload, clients } of groups.values()) {
    const rows = servers.map((server) => ({
      server,
      row: summarize(cells.filter((c) => c.server === server && c.workload === workload && c.clients === clients)),
    }));
    rows.forEach(({ server, row }, i) => {
      const values = columns.map(({ metric, digits }) => (row === undefined ? "failed" : row[metric].toFixed(digits)));
      lines.push(line(i === 0 ? workload : "", i === 0 ? String(clients) : "", server, values));
    });
    const ours = rows.find(({ server }) => server === "quorate")?.row;
    const others = rows.flatMap(({ server, row }) => (server === "quorate" || row === undefined ? [] : [row]));
    if (ours !== undefined && others.length > 0) {
      const ratio = ratios(ours, others);
      lines.push(
        line(
          "",
          "",
          "ours/best",
          columns.map(({ metric }) => `${ratio[metric].toFixed(2)}×`),
        ),
      );
    }
  }
  return lines.join("\n");
}

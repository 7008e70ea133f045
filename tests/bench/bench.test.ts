import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import { Scope } from "../support/index.ts";
import { linePlot } from "./line-plot.ts";
import { parseReport } from "./load.ts";
import { parseMemory } from "./memory.ts";
import { functionShares } from "./profile.ts";
import { formatSizes } from "./sizes-table.ts";
import { type Cell, formatTable, median, ratios } from "./table.ts";
import { formatTurns, parseLoop, turnsBetween } from "./turns-table.ts";
import { usageOf } from "./usage.ts";

const scope = new Scope();
afterAll(() => scope.close());

/** A report in the load generator's form. */
function reportOf({
  rate,
  p50,
  p99,
  errors = "",
}: {
  rate: number;
  p50: number;
  p99: number;
  errors?: string;
}): string {
  return [
    "Summary:",
    `  Requests/sec:\t${rate}`,
    "",
    "Latency distribution:",
    "  10% in 0.0001 secs.",
    `  50% in ${p50} secs.`,
    `  99% in ${p99} secs.`,
    "  99.9% in 9.0000 secs.",
    errors,
  ].join("\n");
}

const cell: Cell = {
  round: 1,
  server: "quorate",
  workload: "put",
  clients: 100,
  requests: 10,
  requestsPerSecond: 300,
  p50Ms: 1,
  p99Ms: 4,
  errors: 0,
  cpuMicrosPerRequest: 50,
  peakMegabytes: 80,
};

test("a report gives rate and latencies in milliseconds, and no failed request", () => {
  const result = parseReport(reportOf({ rate: 1234.5, p50: 0.002, p99: 0.0105 }), 10);
  expect(result).toEqual({ requests: 10, requestsPerSecond: 1234.5, p50Ms: 2, p99Ms: 10.5, errors: 0 });
});

test("of the two reports of a mixed load the rates add up and the worse latency counts", () => {
  const reads = reportOf({ rate: 100, p50: 0.001, p99: 0.009 });
  const writes = reportOf({ rate: 50, p50: 0.002, p99: 0.004 });
  const result = parseReport(`Total Read Ops: 6\n${reads}\nTotal Write Ops: 4\n${writes}`, 10);
  expect(result).toMatchObject({ requestsPerSecond: 150, p50Ms: 2, p99Ms: 9 });
});

test("failed requests are counted from the error distribution", () => {
  const errors = "\nError distribution:\n  [7]\trpc error: code = Unavailable\n  [2]\tetcdserver: request timed out\n";
  expect(parseReport(reportOf({ rate: 1, p50: 1, p99: 1, errors }), 10).errors).toBe(9);
});

test("output without a report is an error", () => {
  expect(() => parseReport("dial tcp: connection refused", 10)).toThrow(/no report.*connection refused/);
});

test("medians of odd and even counts", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("each ratio compares with the best of the others in that column", () => {
  const slow = { ...cell, requestsPerSecond: 100, p50Ms: 2, cpuMicrosPerRequest: 100 };
  const fast = { ...cell, requestsPerSecond: 200, p50Ms: 4, cpuMicrosPerRequest: 200 };
  expect(ratios(cell, [slow, fast])).toMatchObject({ requestsPerSecond: 1.5, p50Ms: 0.5, cpuMicrosPerRequest: 0.5 });
});

test("the table shows medians, what failed, and ours against the best", () => {
  const failed = [{ round: 1, server: "etcd-3.4", workload: "put" as const, clients: 100, failure: "gone" }];
  const rival = { ...cell, server: "etcd-3.7", requestsPerSecond: 100 };
  const lines = formatTable([cell, rival], failed, ["etcd-3.4", "etcd-3.7", "quorate"]).split("\n");
  expect(lines[1]).toMatch(/put +100 +etcd-3\.4 +failed/);
  expect(lines[4]).toMatch(/ours\/best +3\.00× +1\.00×/);
});

test("a profile gives the shares of functions, without idle time", () => {
  const frame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });
  const shares = functionShares({
    nodes: [
      { id: 1, callFrame: frame("(idle)") },
      { id: 2, callFrame: frame("apply", "file:///dist/quorate.mjs", 41) },
      { id: 3, callFrame: frame("(program)") },
      { id: 4, callFrame: frame("apply", "file:///dist/quorate.mjs", 41) },
    ],
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [500, 30, 40, 30, 500],
  });
  expect(shares).toEqual([
    { name: "apply quorate.mjs:42", percent: 60 },
    { name: "(program)", percent: 40 },
  ]);
});

test("memory comes in megabytes, by what it holds; what a kernel does not say counts as nothing", () => {
  const status = "Name:\tetcd\nVmRSS:\t  2048 kB\nRssAnon:\t  1024 kB\nRssFile:\t   512 kB\n";
  expect(parseMemory(status)).toEqual({ rssMegabytes: 2, anonMegabytes: 1, fileMegabytes: 0.5, shmemMegabytes: 0 });
});

test("sizes are medians over the rounds, and ours is divided by the smallest of the others", () => {
  const one = (server: string, round: number, value: number) => ({ round, server, what: "RSS, MB", value });
  const measured = [one("etcd-3.4", 1, 500), one("etcd-3.7", 1, 400), one("quorate", 1, 100), one("quorate", 2, 300)];
  const lines = formatSizes(measured, ["etcd-3.4", "etcd-3.7", "quorate"]).split("\n");
  expect(lines[1]).toMatch(/^RSS, MB +500 +400 +200 +0\.50×$/);
});

test("a size that one server lacks has no ratio for it, and what belongs to a value is told below the table", () => {
  const lines = formatSizes(
    [{ round: 1, server: "quorate", what: "RSS, MB", value: 5, detail: "anon 3" }],
    ["etcd-3.7", "quorate"],
  ).split("\n");
  expect(lines[1]).toMatch(/^RSS, MB +– +5\.0 +–$/);
  expect(lines.at(-1)).toMatch(/^round 1 +quorate +RSS, MB +anon 3$/);
});

/** A page of metrics after so many turns below 1 ms, 5 ms, 20 ms and above. */
function loopPage(turns: readonly number[], longest: number, late = 0): string {
  let below = 0;
  const buckets = ["0.001", "0.005", "0.02", "+Inf"].map((bound, i) => {
    below += turns[i] ?? 0;
    return `quorate_loop_turn_duration_seconds_bucket{le="${bound}"} ${below}`;
  });
  return [
    ...buckets,
    `quorate_loop_turn_longest_seconds ${longest}`,
    "etcd_server_leader_changes_seen_total 1",
    `etcd_server_heartbeat_send_failures_total ${late}`,
  ].join("\n");
}

test("turns are those between two readings of the metrics", () => {
  const before = parseLoop(loopPage([500, 10, 1, 1], 0.09));
  const quiet = turnsBetween(before, parseLoop(loopPage([1499, 11, 1, 1], 0.09, 3)));
  expect(quiet).toEqual({
    turns: 1000,
    over5ms: 0,
    over20ms: 0,
    p999Ms: 1,
    longestMs: 5,
    leaderChanges: 0,
    lateHeartbeats: 3,
  });
  const loud = turnsBetween(before, parseLoop(loopPage([1490, 15, 4, 3], 0.15)));
  expect(loud).toMatchObject({
    turns: 1000,
    over5ms: 5,
    over20ms: 2,
    p999Ms: Number.POSITIVE_INFINITY,
    longestMs: 150,
  });
});

test("metrics without turns are an error", () => {
  expect(() => parseLoop("etcd_server_has_leader 1")).toThrow("say nothing of the loop's turns");
});

test("followers share a line of the table of turns, and rounds add up", () => {
  const turns = { turns: 400, over5ms: 1, over20ms: 0, p999Ms: 2, longestMs: 7, leaderChanges: 0, lateHeartbeats: 0 };
  const row = { round: 1, what: "compaction", role: "follower" as const, ...turns };
  const lines = formatTurns([{ ...row, role: "leader" }, row, { ...row, longestMs: 9 }]).split("\n");
  expect(lines[1]).toMatch(/^compaction +leader +400 +1 +0\.250 +0 +2\.0 +7\.0 +0 +0$/);
  expect(lines[2]).toMatch(/^ +followers +800 +2 +0\.250 +0 +2\.0 +9\.0 +0 +0$/);
});

test("processor time that a child of the process used is counted", async () => {
  const busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
  const parent = spawn("sh", ["-c", `(${busy}; echo; exec sleep 60) & wait`], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true, // A process group of its own, to end both.
  });
  const pid = parent.pid as number;
  scope.defer(async () => {
    process.kill(-pid, "SIGKILL");
    await once(parent, "close");
  });
  await once(parent.stdout, "data");
  const usage = usageOf([pid]);
  expect(usage.cpuMicros).toBeGreaterThan(0);
  expect(usage.peakMegabytes).toBeGreaterThan(0.1);
});

test("a plot has a line for each name, a mark for each point, and ticks at powers of ten", () => {
  const svg = linePlot({
    title: "Memory & more",
    xTitle: "keys",
    linearX: false,
    lines: [
      {
        name: "quorate",
        points: [
          { x: 10_000, y: 60 },
          { x: 1_000_000, y: 280 },
        ],
      },
      { name: "etcd", points: [{ x: 10_000, y: 30 }] },
    ],
  });
  expect(svg).toContain("Memory &amp; more");
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg.match(/<circle/g)).toHaveLength(3);
  for (const tick of ["10", "100", "1k", "10k", "1M"]) expect(svg).toContain(`>${tick}<`);
  // The first point is at the left edge, the last one at the right edge of the same line.
  expect(/<polyline points="70\.0,[\d.]+ 530\.0,/.test(svg)).toBe(true);
});

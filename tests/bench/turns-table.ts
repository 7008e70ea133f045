/** What a member's `/metrics` say of its loop since its start. */
export interface LoopReading {
  /** Upper bounds in seconds, ascending, the last one infinite. */
  readonly bounds: readonly number[];
  /** Turns up to each bound and above the one before it. */
  readonly counts: readonly number[];
  readonly longestMs: number;
  readonly leaderChanges: number;
  readonly lateHeartbeats: number;
}

/** What happened to one member's loop while something was done. */
export interface Turns {
  readonly turns: number;
  readonly over5ms: number;
  readonly over20ms: number;
  /** The bound that 999 of 1,000 turns stayed below. */
  readonly p999Ms: number;
  /** The longest turn since the member's start, where it is one of these; else the bound of the longest. */
  readonly longestMs: number;
  readonly leaderChanges: number;
  readonly lateHeartbeats: number;
}

export interface TurnRow extends Turns {
  readonly round: number;
  readonly what: string;
  readonly role: "leader" | "follower";
}

/** Reads the loop's part of a page of metrics. @throws Error when it is not there. */
export function parseLoop(page: string): LoopReading {
  const bounds: number[] = [];
  const counts: number[] = [];
  let below = 0;
  for (const [, bound, count] of page.matchAll(/^quorate_loop_turn_duration_seconds_bucket\{le="([^"]+)"\} (\S+)/gm)) {
    bounds.push(bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound));
    counts.push(Number(count) - below);
    below = Number(count);
  }
  if (bounds.length === 0) throw new Error("the metrics say nothing of the loop's turns");
  const value = (name: string): number => {
    const found = new RegExp(`^${name} (\\S+)`, "m").exec(page);
    if (found === null) throw new Error(`the metrics lack ${name}`);
    return Number(found[1]);
  };
  return {
    bounds,
    counts,
    longestMs: 1000 * value("quorate_loop_turn_longest_seconds"),
    leaderChanges: value("etcd_server_leader_changes_seen_total"),
    lateHeartbeats: value("etcd_server_heartbeat_send_failures_total"),
  };
}

/** The difference of two readings of one member. */
export function turnsBetween(before: LoopReading, after: LoopReading): Turns {
  const counts = after.counts.map((count, i) => count - (before.counts[i] ?? 0));
  const turns = sum(counts);
  const over = (seconds: number): number => sum(counts.filter((_, i) => (after.bounds[i - 1] ?? 0) >= seconds));
  let seen = 0;
  const reached = counts.findIndex((count) => (seen += count) >= 0.999 * turns);
  const last = counts.findLastIndex((count) => count > 0);
  const isLongest = after.longestMs > before.longestMs;
  return {
    turns,
    over5ms: over(0.005),
    over20ms: over(0.02),
    p999Ms: 1000 * (after.bounds[reached] ?? 0),
    longestMs: isLongest ? after.longestMs : Math.min(1000 * (after.bounds[last] ?? 0), after.longestMs),
    leaderChanges: after.leaderChanges - before.leaderChanges,
    lateHeartbeats: after.lateHeartbeats - before.lateHeartbeats,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const titles = [
  "turns",
  "> 5 ms",
  "% of them",
  "> 20 ms",
  "p99.9 ≤ ms",
  "longest ms",
  "late heartbeats",
  "new leaders",
];

/** One line for the leader and one for both followers together, whatever was done; rounds add up. */
export function formatTurns(rows: readonly TurnRow[]): string {
  const line = (what: string, role: string, cells: readonly string[]): string =>
    `${what.padEnd(27)}${role.padEnd(10)}${cells.map((cell, i) => cell.padStart((titles[i] as string).length + 3)).join("")}`;
  const lines = [line("while", "", titles)];
  for (const what of new Set(rows.map((row) => row.what))) {
    for (const role of ["leader", "follower"] as const) {
      const these = rows.filter((row) => row.what === what && row.role === role);
      if (these.length === 0) continue;
      const total = (of: (row: TurnRow) => number): number => sum(these.map(of));
      const most = (of: (row: TurnRow) => number): number => Math.max(...these.map(of));
      const turns = total((row) => row.turns);
      const over5ms = total((row) => row.over5ms);
      lines.push(
        line(role === "leader" ? what : "", role === "leader" ? role : "followers", [
          String(turns),
          String(over5ms),
          ((100 * over5ms) / turns).toFixed(3),
          String(total((row) => row.over20ms)),
          most((row) => row.p999Ms).toFixed(1),
          most((row) => row.longestMs).toFixed(1),
          String(total((row) => row.lateHeartbeats)),
          String(total((row) => row.leaderChanges)),
        ]),
      );
    }
  }
  return lines.join("\n");
}

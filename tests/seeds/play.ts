import { spawnSync } from "node:child_process";
import { repositoryRoot } from "../support/index.ts";

/** Lines of a run that does not hold. */
const linesTold = 150;

/** How a process of the simulator is started. */
export interface Play {
  /** The program that runs it; this one's Node unless given. */
  readonly node?: string;
  /** Options of Node. */
  readonly flags?: readonly string[];
  readonly args: readonly string[];
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Runs the simulator in a process of its own.
 *
 * @returns the lines that it printed.
 * @throws Error with them when a run does not hold, or when it takes longer than allowed.
 */
export function play({ node = process.execPath, flags = [], args, timeoutMs }: Play): string[] {
  const { status, error, stdout, stderr } = spawnSync(node, [...flags, "scripts/sim.mjs", ...args], {
    cwd: repositoryRoot,
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 64 << 20,
  });
  const lines = stdout.trim().split("\n");
  if (status === 0) return lines;
  const why = error?.message ?? `ended with ${status}`;
  throw new Error([`simulator ${args.join(" ")}: ${why}`, ...lines.slice(-linesTold), stderr].join("\n"));
}

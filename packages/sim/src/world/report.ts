import type { RunResult } from "./run.ts";
import { eventsDefault } from "./plan.ts";
import type { Note } from "./world.ts";

/** Lines of the story that are told of a run that failed. */
const notesTold = 100;

/** The last line of a run that holds. */
export const tellHeld = ({ seed, events, trace }: Pick<RunResult, "seed" | "events" | "trace">): string =>
  `seed ${seed}: held, ${events} events, trace ${trace}`;

/** The command that plays a run again. */
export function replayCommand({ seed, plan }: RunResult, faults: readonly number[] | undefined): string {
  const parts = [`npm run sim -- --seed ${seed}`];
  parts.push(`--members ${plan.members}`);
  if (plan.events !== eventsDefault) parts.push(`--events ${plan.events}`);
  if (faults !== undefined) parts.push(`--faults ${faults.length === 0 ? "0" : faults.join(",")}`);
  return parts.join(" ");
}

/** The end of a run's story. */
export const tellStory = (notes: readonly Note[]): string[] =>
  notes.slice(-notesTold).map(({ atUs, event, text }) => {
    const seconds = (atUs / 1_000_000).toFixed(6).padStart(12);
    return `  ${seconds} s  ${String(event).padStart(7)}  ${text}`;
  });

/** Everything about a run that failed: the story, the faults it needs, what broke, and how to play it again. */
export function tellFailure(
  result: RunResult,
  shrunk: readonly number[] | undefined = result.plan.onlyFaults && [...result.plan.onlyFaults],
): string[] {
  const { seed, failure, notes, faults, events, seconds, trace } = result;
  const lines: string[] = ["timeline:", ...tellStory(notes)];
  lines.push("faults:");
  for (const { number, text } of faults) lines.push(`  ${number}: ${text}`);
  if (faults.length === 0) lines.push("  none");
  lines.push(`${failure?.invariant}: ${failure?.message}`);
  lines.push(
    `seed ${seed}: ${failure?.invariant} failed after ${events} events (${seconds.toFixed(3)} s), trace ${trace}`,
  );
  lines.push(`replay: ${replayCommand(result, shrunk)}`);
  return lines;
}

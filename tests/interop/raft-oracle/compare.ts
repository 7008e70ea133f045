import { Cluster } from "./cluster.ts";
import { type Command, describe, formatSchedule, isLossy, type Schedule } from "./commands.ts";
import { generate } from "./generate.ts";
import type { Oracle, Verdict } from "./oracle.ts";
import { Digest } from "./render.ts";

/** What our side says of a schedule. */
interface Played {
  readonly schedule: Schedule;
  readonly digest: readonly [number, number];
  readonly stopped: boolean;
}

/** Where the two sides part. */
export interface Difference {
  readonly schedule: Schedule;
  /** The place of the first command that led to different states, from 0. */
  readonly step: number;
  readonly ours: string;
  readonly theirs: string;
  /** Why members stopped on either side, also later on. */
  readonly why: readonly string[];
}

/** Plays the schedule of a seed on our side. */
export function playSeed(seed: number): Played {
  const digest = new Digest();
  const { schedule, cluster } = generate(seed, (text) => digest.write(text));
  return { schedule, digest: digest.value, stopped: cluster.stops.length > 0 };
}

/** Tells whether the verdict on a schedule is what it must be; the rest is done only when it is not. */
export function agrees(played: Played, verdict: Verdict): boolean {
  const { schedule, digest, stopped } = played;
  if (verdict.steps !== schedule.commands.length) return false;
  if (verdict.digest[0] !== digest[0] || verdict.digest[1] !== digest[1]) return false;
  // Only lost disks may stop a member.
  return !stopped || isLossy(schedule.config);
}

/** Plays a schedule on both sides and returns where they part first. */
export async function compare(oracle: Oracle, schedule: Schedule): Promise<Difference | undefined> {
  const cluster = new Cluster(schedule.config);
  const ours: string[] = [];
  for (const command of schedule.commands) ours.push(cluster.run(command));
  const { texts, stops } = await oracle.play(schedule, "full");
  const why = [
    ...cluster.stops.map((stop) => `we stop: ${stop.message}`),
    ...stops.map((stop) => `it panics: ${stop}`),
  ];
  for (let step = 0; step < ours.length; step++) {
    const [our = "", their = ""] = [ours[step], texts[step]];
    const mustNot = our === '{"out":"stopped"}' && !isLossy(schedule.config);
    if (our !== their || mustNot) return { schedule, step, ours: our, theirs: their, why };
  }
  return undefined;
}

/** Takes commands away for as long as the sides still part; ends after `tries` plays. */
export async function shrink(oracle: Oracle, found: Difference, tries = 3000): Promise<Difference> {
  let least: Difference = { ...found, schedule: cutAfter(found.schedule, found.step) };
  let left = tries;
  for (let size = Math.ceil(least.schedule.commands.length / 2); size >= 1; size = Math.floor(size / 2)) {
    let shorter = true;
    while (shorter) {
      shorter = false;
      for (let at = least.schedule.commands.length - size; at >= 0 && left > 0; at -= size) {
        left -= 1;
        const commands = least.schedule.commands.filter((_, i) => i < at || i >= at + size);
        const again = await compare(oracle, { config: least.schedule.config, commands });
        if (again === undefined) continue;
        least = { ...again, schedule: cutAfter(again.schedule, again.step) };
        shorter = true;
        at = Math.min(at, least.schedule.commands.length);
      }
    }
  }
  return least;
}

function cutAfter({ config, commands }: Schedule, step: number): Schedule {
  return { config, commands: commands.slice(0, step + 1) };
}

/** Tells a difference to people, with the command that plays it again. */
export function report(difference: Difference): string {
  const { schedule, step, ours, theirs, why } = difference;
  const told = schedule.commands.slice(0, step + 1).map((command: Command, i) => `  ${i} ${describe(command)}`);
  return [
    `configuration ${JSON.stringify(schedule.config)}`,
    ...told,
    `  ours    ${ours}`,
    `  library ${theirs}`,
    `  ${partsOf(ours, theirs)}`,
    ...why.map((reason) => `  ${reason}`),
    `  npm run raft-oracle -- --schedule "${formatSchedule(schedule)}"`,
  ].join("\n");
}

/** Shows the place where two texts part. */
function partsOf(ours: string, theirs: string): string {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at += 1;
  const from = Math.max(0, at - 40);
  return `they part at: …${ours.slice(from, at + 30)}… against …${theirs.slice(from, at + 30)}…`;
}

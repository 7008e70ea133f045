import { tellHeld, tellStory } from "../report.ts";
import { catalogue, scriptsOf } from "./catalogue.ts";
import { playScenario, type PlayResult } from "./play.ts";
import type { Scenario } from "./stage.ts";

/** What is asked of the scripts of a scenario. */
export interface ScenarioRequest {
  readonly id: string;
  readonly from: number;
  /** 0: the seed `from` alone. */
  readonly seeds: number;
  /** Tells of every seed. */
  readonly each: boolean;
  /** Tells what the members log. */
  readonly logs: boolean;
  readonly slowly: boolean;
  readonly say: (line: string) => void;
}

/** What came of one script with all its seeds. */
interface Tally {
  events: number;
  /** Seeds that came out as the script wants it. */
  good: number;
  first: PlayResult | undefined;
  /** Checks that objected, with the number of seeds. */
  readonly objections: Map<string, number>;
}

/** A script that is a finding has to be caught. */
const isGood = ({ finding }: Scenario, { failure }: PlayResult): boolean => failure?.invariant === finding;

function tellBad(scenario: Scenario, result: PlayResult, { say }: ScenarioRequest, full: boolean): void {
  const { failure, seed } = result;
  if (full) for (const line of tellStory(result.notes)) say(line);
  if (failure === undefined) say(`seed ${seed}: nothing was caught, though ${scenario.finding} must be broken`);
  else say(`seed ${seed}: ${failure.invariant}: ${failure.message}`);
  say(`replay: npm run sim -- --scenario ${scenario.id} --seed ${seed}`);
}

async function playAll(scenario: Scenario, request: ScenarioRequest): Promise<Tally> {
  const { from, seeds, each, logs, slowly, say } = request;
  const tally: Tally = { events: 0, good: 0, first: undefined, objections: new Map() };
  for (let seed = from; seed < from + Math.max(1, seeds); seed++) {
    const result = await playScenario(scenario, seed, { slowly, tell: logs ? say : undefined });
    tally.events += result.events;
    for (const id of result.objections) tally.objections.set(id, (tally.objections.get(id) ?? 0) + 1);
    const good = isGood(scenario, result);
    if (good) tally.good += 1;
    else tellBad(scenario, result, request, tally.first === undefined);
    if (good && (seeds === 0 || each)) {
      say(result.failure === undefined ? tellHeld(result) : `seed ${seed}: caught, ${result.failure.message}`);
    }
    if (!good || scenario.finding !== undefined) tally.first ??= result;
  }
  return tally;
}

/** Tells what a finding came to: who caught it, and in how many seeds. */
function tellFinding(scenario: Scenario, tally: Tally, count: number, say: (line: string) => void): void {
  say(`expected finding ${scenario.finding}: caught in ${tally.good} of ${count} seeds`);
  if (tally.first?.failure !== undefined) say(`  as in seed ${tally.first.seed}: ${tally.first.failure.message}`);
  const others = [...tally.objections].sort(([a], [b]) => (a < b ? -1 : 1));
  if (others.length > 0)
    say(`  checks that objected, in so many seeds: ${others.map((pair) => pair.join(" ")).join(", ")}`);
}

/**
 * Plays every script of a scenario, `M24` with its variants or `M24-etcd` alone, and says what came of it.
 *
 * @returns the exit code: 0 when all came out as they should, findings included; 1 when not; 2 when there is no such scenario.
 */
export async function runScenarios(request: ScenarioRequest): Promise<number> {
  const { id, seeds, say } = request;
  const scripts = scriptsOf(id);
  if (scripts.length === 0) {
    say(`no scenario is called ${id}; there are ${catalogue.map((one) => one.id).join(" ")}`);
    return 2;
  }
  const count = Math.max(1, seeds);
  let failed = 0;
  for (const scenario of scripts) {
    say(`${scenario.id}: ${scenario.title}`);
    const started = performance.now();
    const tally = await playAll(scenario, request);
    failed += count - tally.good;
    const rate = Math.round(tally.events / ((performance.now() - started) / 1000));
    if (scenario.finding !== undefined) tellFinding(scenario, tally, count, say);
    else if (seeds > 0) {
      const verdict = tally.good === count ? "held" : `${count - tally.good} failed`;
      say(`${count} seeds: ${verdict}, ${tally.events} events, ${rate} events/s`);
    }
  }
  return failed === 0 ? 0 : 1;
}

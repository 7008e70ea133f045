import { drive } from "../drive.ts";
import type { Note } from "../world.ts";
import { Violation } from "../violation.ts";
import { type Scenario, Stage } from "./stage.ts";

/** What became of a scenario. */
export interface PlayResult {
  readonly id: string;
  readonly seed: number;
  readonly events: number;
  readonly trace: string;
  readonly failure: { readonly invariant: string; readonly message: string } | undefined;
  readonly notes: readonly Note[];
  readonly facts: ReadonlyMap<string, number>;
  /** Checks that objected to what the script tolerates. */
  readonly objections: ReadonlySet<string>;
}

/** How a scenario is played. */
export interface PlayOptions {
  /** Lets the program's own loop run the promises. */
  readonly slowly?: boolean;
  /** Gets what the members log. */
  readonly tell?: ((line: string) => void) | undefined;
}

/** Plays a scenario with the speeds and delays that a seed draws. */
export async function playScenario(
  scenario: Scenario,
  seed: number,
  { slowly = false, tell }: PlayOptions = {},
): Promise<PlayResult> {
  const stage = new Stage(scenario, seed, tell);
  await drive(stage, slowly);
  stage.judge();
  const { kernel, failure, notes } = stage.world;
  return {
    id: scenario.id,
    seed,
    events: kernel.count,
    trace: kernel.trace,
    failure:
      failure === undefined
        ? undefined
        : {
            invariant: failure instanceof Violation ? failure.invariant : failure.name,
            message: failure instanceof Violation ? failure.message : (failure.stack ?? failure.message),
          },
    notes,
    facts: stage.facts,
    objections: new Set(stage.world.tolerated.map(({ invariant }) => invariant)),
  };
}

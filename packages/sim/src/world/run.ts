import { Clients } from "./clients.ts";
import { Faults } from "./faults.ts";
import { Healing } from "./heal.ts";
import { judge } from "./judge.ts";
import { Operators } from "./operators.ts";
import { drawPlan, type Plan, type RunRequest } from "./plan.ts";
import { Violation } from "./violation.ts";
import { type Note, World, type WorldOptions } from "./world.ts";

/** What became of a run. */
export interface RunResult {
  readonly seed: number;
  readonly plan: Plan;
  readonly events: number;
  readonly trace: string;
  /** Virtual time. */
  readonly seconds: number;
  readonly failure: { readonly invariant: string; readonly message: string } | undefined;
  readonly faults: readonly { readonly number: number; readonly text: string }[];
  /** Numbers of the faults that a run needs to be played again. */
  readonly tried: readonly number[];
  readonly notes: readonly Note[];
  readonly answered: number;
  readonly unknown: number;
  /** Whether the history of the clients could be judged as a whole. */
  readonly judged: boolean;
}

/** A run that the host drives: step, let all promises run, settle, until `step` says that it is over. */
export interface Driven {
  /** Runs one event; false when there is nothing more to do. */
  step(): boolean;
  /** To be called after each step when no promise has anything left to run. */
  settle(): void;
}

/** Events that healing may take; beyond it the run counts as stuck. */
const healEventsMost = 400_000;

/** One seed: a safety phase under faults, then a healing phase that must converge. */
export class SeedRun implements Driven {
  readonly world: World;
  readonly clients: Clients;
  readonly operators: Operators;
  readonly faults: Faults;
  readonly #plan: Plan;
  #healing: Healing | undefined;
  #healEvents = 0;
  /** Whether the clients' history was judged at the end; undefined before. */
  judged: boolean | undefined;

  constructor(request: RunRequest, options: WorldOptions = {}) {
    const plan = drawPlan(request);
    this.#plan = plan;
    this.world = new World(plan, options);
    this.clients = new Clients(this.world);
    this.operators = new Operators(this.world);
    this.faults = new Faults(this.world, this.operators);
    this.world.found(plan.members);
    this.clients.start(plan.clients);
    this.operators.start();
    this.faults.start();
  }

  step(): boolean {
    if (this.#healing?.done !== true) return this.world.step();
    if (this.judged === undefined) this.#judge();
    return false;
  }

  settle(): void {
    const { world } = this;
    world.settle();
    const { count } = world.kernel;
    if (this.#healing === undefined) {
      if (count < this.#plan.events) return;
      world.note("faults end");
      this.clients.running = false;
      this.operators.finish();
      this.faults.liftAll();
      this.#healing = new Healing(world, this.clients.recorder, () => this.operators.settled);
      this.#healEvents = count;
      this.#healing.start();
    } else if (count - this.#healEvents > healEventsMost) {
      world.fail(new Violation("G7", `not healed after ${healEventsMost} events`));
    }
  }

  #judge(): void {
    this.judged = false;
    this.world.guard(() => {
      judge(this.clients.recorder.history(), this.world.ledger, this.world.model);
      this.judged = true;
    });
  }

  result(): RunResult {
    const { kernel, failure, notes } = this.world;
    return {
      seed: this.#plan.seed,
      plan: this.#plan,
      events: kernel.count,
      trace: kernel.trace,
      seconds: kernel.nowUs / 1_000_000,
      failure:
        failure === undefined
          ? undefined
          : {
              invariant: failure instanceof Violation ? failure.invariant : failure.name,
              message: failure instanceof Violation ? failure.message : (failure.stack ?? failure.message),
            },
      faults: this.faults.list,
      tried: this.faults.tried,
      notes,
      answered: this.clients.answered,
      unknown: this.clients.unknown,
      judged: this.judged === true,
    };
  }
}

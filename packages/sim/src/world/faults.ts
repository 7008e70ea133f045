import { Dice } from "./dice.ts";
import { EventKind } from "./kernel.ts";
import type { SimNode } from "./node.ts";
import type { Operators } from "./operators.ts";
import type { FaultKind } from "./plan.ts";
import { acts } from "./fault-acts.ts";
import type { FaultContext } from "./fault-context.ts";
import type { World } from "./world.ts";

/** A fault that happened. */
export interface FaultRecord {
  readonly number: number;
  readonly kind: FaultKind;
  readonly atUs: number;
  readonly untilUs: number;
  readonly text: string;
}

/**
 * The fault schedule. Each fault has a number and a stream of its own: what it is, whom it strikes and when it begins do
 * not change when others are left out, so a schedule can be shrunk.
 */
export class Faults {
  readonly list: FaultRecord[] = [];
  /** Numbers of all that found a victim, also of those that did nothing to it but look. */
  readonly tried: number[] = [];
  readonly #world: World;
  readonly #operators: Operators;
  readonly #lifts: Set<() => void> = new Set();
  #ended = false;

  constructor(world: World, operators: Operators) {
    this.#world = world;
    this.#operators = operators;
  }

  start(): void {
    if (this.#world.plan.faults.length > 0) this.#next(1, 0);
  }

  #next(number: number, beforeUs: number): void {
    const { plan, kernel } = this.#world;
    const dice = new Dice(plan.seed, `fault ${number}`);
    const atUs = beforeUs + 1 + dice.below(2 * plan.faultGapUs);
    kernel.at(atUs, EventKind.fault, undefined, () => {
      if (this.#ended) return;
      if (plan.onlyFaults === undefined || plan.onlyFaults.has(number)) this.#strike(number, dice);
      this.#next(number + 1, atUs);
    });
  }

  #strike(number: number, dice: Dice): void {
    const world = this.#world;
    const kind = dice.pick(world.plan.faults);
    const durationUs = dice.pick([100_000, 1_000_000, 3_000_000, 10_000_000]) + dice.below(1_000_000);
    const running = world.nodes.filter((node) => node.isAlive);
    const victim = this.#victim(dice, running);
    if (victim === undefined) return;
    const context: FaultContext = { world, operators: this.#operators, dice, victim, running, durationUs };
    const { nowUs } = world.kernel;
    this.tried.push(number);
    const act = acts[kind](context);
    if (act === undefined) return;
    const record = { number, kind, atUs: nowUs, untilUs: nowUs + durationUs, text: `${kind} ${act.text}` };
    this.list.push(record);
    world.note(`fault ${number}: ${record.text}`);
    const { lift } = act;
    if (lift === undefined) return;
    this.#lifts.add(lift);
    world.kernel.after(durationUs, EventKind.fault, undefined, () => {
      if (!this.#lifts.delete(lift)) return;
      world.note(`fault ${number} ends`);
      lift();
    });
  }

  /** The leader is struck more often than others. */
  #victim(dice: Dice, running: readonly SimNode[]): SimNode | undefined {
    const leader = this.#world.leader();
    if (leader !== undefined && dice.chance(350)) return leader;
    return dice.pickAny(running);
  }

  /** Ends everything, now and for good. */
  liftAll(): void {
    this.#ended = true;
    for (const lift of this.#lifts) lift();
    this.#lifts.clear();
    const world = this.#world;
    world.network.mendAll();
    world.network.keepsOld = false;
    for (const node of world.nodes) {
      node.time.setRate(0);
      node.disk.calm();
      node.sending = undefined;
      world.superviseLater(node, true);
    }
  }
}

import type { MemberId } from "@quorate/base";
import type { Operators } from "./operators.ts";
import type { SimNode } from "./node.ts";
import type { World } from "./world.ts";

/**
 * The atlas of faults: whose disk may lose or change something, so that what was acknowledged can still be kept.
 *
 * | fault | allowed where |
 * | --- | --- |
 * | a disk is gone for good | the others are a quorum without it; it is replaced |
 * | a disk has less than its member promised (a rolled-back copy, a lying sync) | any two quorums share two members, or it is a learner: the other one remembers |
 * | a disk holds something that was never written | anywhere: the member must refuse; the disk is put right, or replaced |
 *
 * No rule of ours lets a voter of three come back with an older disk: whoever voted or acknowledged, and forgot it, is one
 * of the two that two quorums of three share. Such a member has to be known by a number that its cluster keeps; until then
 * the simulator's operators must not do what would break their cluster. Meanwhile nobody changes the members: the next
 * configuration might have quorums that share only the one that forgot.
 */
const majority = (count: number): number => Math.floor(count / 2) + 1;

/** Voters that are whole, running or not. */
function wholeVoters(world: World, voters: readonly MemberId[], without: SimNode): number {
  let count = 0;
  for (const node of world.nodes) {
    const id = world.checks.idOf(node);
    if (node === without || id === undefined || !voters.includes(id)) continue;
    if (node.wasStarted && !node.isAmnesiac && node.down !== "removed") count += 1;
  }
  return count;
}

/** Whether a member's disk may go for good: all others are whole, and are a quorum without it. */
export function mayBeLost(world: World, operators: Operators, victim: SimNode): boolean {
  const config = world.leader()?.member?.raftStatus().config;
  const id = world.checks.idOf(victim);
  if (config === undefined || id === undefined || operators.lostCount > 0 || operators.riskCount > 0) return false;
  if (!victim.wasStarted || victim.isAmnesiac || victim.down === "removed") return false;
  if (config.votersOutgoing.length > 0) return false;
  if (config.learners.includes(id)) return true;
  const { voters } = config;
  const whole = wholeVoters(world, voters, victim);
  return voters.length >= 3 && voters.includes(id) && whole >= majority(voters.length) && whole === voters.length - 1;
}

/** Whether a member may forget what it promised, and come back: any two quorums have another one in common. */
export function mayForget(world: World, operators: Operators, victim: SimNode): boolean {
  if (!mayBeLost(world, operators, victim)) return false;
  const config = world.leader()?.member?.raftStatus().config;
  const id = world.checks.idOf(victim);
  if (config === undefined || id === undefined) return false;
  return config.learners.includes(id) || config.voters.length % 2 === 0;
}

/** What it sent before has arrived or is lost by then. */
const travelMostUs = 10_000_000;

/** What a risk needs of the operators. */
interface Replacing {
  replace(node: SimNode, id: MemberId): void;
}

/**
 * A member whose disk may fall back, from when it may until it holds again all that it had promised. Nobody changes the
 * members meanwhile.
 *
 * ```
 *   open ── the cause is over, and nothing was lost ───────────────────────────────▶ over
 *     └── a start finds less than was durable ─▶ forgot ── has it all again ───────▶ over
 *     └── it will not start ─▶ its disk is given up, the member removed ───────────▶ over
 * ```
 */
export class Risk {
  /** Nothing can be lost any more that is not lost. */
  ended = false;
  readonly #world: World;
  readonly #operators: Replacing;
  readonly #node: SimNode;
  readonly #release: () => void;
  /** How far its log must reach again; −1 while it has not forgotten anything. */
  #index = -1;
  #fromUs = 0;

  /** @param release lets the members change again. */
  constructor(world: World, operators: Replacing, node: SimNode, release: () => void) {
    this.#world = world;
    this.#operators = operators;
    this.#node = node;
    this.#release = release;
    node.risk = this;
  }

  /** Asked before its log counts as what was found. */
  onForgot(): void {
    const { ledger, kernel } = this.#world;
    const leader = this.#world.leader();
    // The leader may count on entries that are not committed yet.
    const counted = Math.min(this.#node.log.durable.last, leader?.log.last ?? 0);
    this.#index = Math.max(this.#index, ledger.commit, counted);
    this.#fromUs = kernel.nowUs;
  }

  onRefused(): void {
    const id = this.#world.checks.idOf(this.#node);
    if (id === undefined) return;
    this.#node.isAmnesiac = true;
    this.#operators.replace(this.#node, id);
  }

  /** Looks whether it is over, and lets go then. */
  maybeEnd(): boolean {
    const node = this.#node;
    const isGone = node.isAmnesiac || node.down === "removed";
    if (!isGone && !(this.ended && node.isUp && this.#hasAll())) return false;
    node.risk = undefined;
    this.#release();
    return true;
  }

  #hasAll(): boolean {
    if (this.#index < 0) return true;
    return this.#node.log.durable.last >= this.#index && this.#world.kernel.nowUs - this.#fromUs > travelMostUs;
  }
}

import { compareIds, hexId, type MemberId } from "@quorate/base";
import {
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  type ConfState,
} from "./types.ts";

/**
 * Who takes part in the group.
 *
 * ```
 *   simple change                  enter joint                     leave joint
 *   voters (1 2)  ──add 3──▶  voters (1 2 3) ──[+4 −1]──▶ voters (2 3 4)   ──▶ voters (2 3 4)
 *                                                         outgoing (1 2 3)
 * ```
 *
 * While `outgoing` holds somebody the configuration is joint: elections and commits need a majority of both sets.
 * A voter that becomes a learner stays in `outgoing` and waits in `learnersNext` until the joint phase ends.
 *
 * Source: Raft dissertation §4.3.
 */
export interface Configuration {
  readonly voters: ReadonlySet<MemberId>;
  readonly outgoing: ReadonlySet<MemberId>;
  readonly learners: ReadonlySet<MemberId>;
  readonly learnersNext: ReadonlySet<MemberId>;
  readonly autoLeave: boolean;
}

/** What a change leads to. `fresh` members were not there before, or left and came back within the change. */
export type ChangeOutcome =
  | { readonly configuration: Configuration; readonly fresh: ReadonlySet<MemberId> }
  | { readonly refused: string };

const sorted = (ids: Iterable<MemberId>): MemberId[] => [...ids].sort(compareIds);

export const isJoint = (configuration: Configuration): boolean => configuration.outgoing.size > 0;

/** All members of any kind, in order of their ids. */
export function memberIds(configuration: Configuration): MemberId[] {
  const { voters, outgoing, learners, learnersNext } = configuration;
  return sorted(new Set([...voters, ...outgoing, ...learners, ...learnersNext]));
}

/** All voters of both halves, in order of their ids. */
export function voterIds(configuration: Configuration): MemberId[] {
  return sorted(new Set([...configuration.voters, ...configuration.outgoing]));
}

export function toConfState(configuration: Configuration): ConfState {
  return {
    voters: sorted(configuration.voters),
    learners: sorted(configuration.learners),
    votersOutgoing: sorted(configuration.outgoing),
    learnersNext: sorted(configuration.learnersNext),
    autoLeave: configuration.autoLeave,
  };
}

export function fromConfState(state: ConfState): Configuration {
  return {
    voters: new Set(state.voters),
    outgoing: new Set(state.votersOutgoing),
    learners: new Set(state.learners),
    learnersNext: new Set(state.learnersNext),
    autoLeave: state.autoLeave,
  };
}

/** Returns what is wrong with a configuration, or undefined. */
export function configurationFault(configuration: Configuration): string | undefined {
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  for (const id of learnersNext) {
    if (!outgoing.has(id)) return `${hexId(id)} is to become a learner but is no outgoing voter`;
    if (learners.has(id)) return `${hexId(id)} is to become a learner and is one already`;
  }
  for (const id of learners) {
    if (voters.has(id) || outgoing.has(id)) return `${hexId(id)} is a learner and a voter`;
  }
  if (isJoint(configuration)) return undefined;
  if (learnersNext.size > 0) return "learners wait for the end of a joint configuration that is none";
  return autoLeave ? "a configuration that is not joint cannot be left" : undefined;
}

/** Brings both forms of a change into the newer one. */
export function toChangeV2(change: ConfChange | ConfChangeV2): ConfChangeV2 {
  if ("changes" in change) return change;
  return {
    transition: ConfChangeTransition.auto,
    changes: [{ type: change.type, nodeId: change.nodeId }],
    context: change.context,
  };
}

/** Prints a configuration as raft's log lines do, ids in hexadecimal. */
export function describeConfiguration(configuration: Configuration): string {
  const set = (ids: ReadonlySet<MemberId>): string => `(${sorted(ids).map(hexId).join(" ")})`;
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  let text = `voters=${set(voters)}`;
  if (outgoing.size > 0) text += `&&${set(outgoing)}`;
  if (learners.size > 0) text += ` learners=${set(learners)}`;
  if (learnersNext.size > 0) text += ` learners_next=${set(learnersNext)}`;
  return autoLeave ? `${text} autoleave` : text;
}

/** A configuration under change. */
class Draft {
  readonly voters: Set<MemberId>;
  readonly outgoing: Set<MemberId>;
  readonly learners: Set<MemberId>;
  readonly learnersNext: Set<MemberId>;
  autoLeave: boolean;
  readonly fresh: Set<MemberId> = new Set();

  constructor(from: Configuration) {
    this.voters = new Set(from.voters);
    this.outgoing = new Set(from.outgoing);
    this.learners = new Set(from.learners);
    this.learnersNext = new Set(from.learnersNext);
    this.autoLeave = from.autoLeave;
  }

  #isMember(id: MemberId): boolean {
    return this.voters.has(id) || this.outgoing.has(id) || this.learners.has(id);
  }

  /** Applies each change in turn; ids of 0 are changes that were found void before. */
  apply(changes: readonly ConfChangeSingle[]): string | undefined {
    for (const { type, nodeId } of changes) {
      if (nodeId === 0n) continue;
      switch (type) {
        case ConfChangeType.addNode:
          this.#makeVoter(nodeId);
          break;
        case ConfChangeType.addLearnerNode:
          this.#makeLearner(nodeId);
          break;
        case ConfChangeType.removeNode:
          this.#remove(nodeId);
          break;
        case ConfChangeType.updateNode:
          break;
        default:
          return `unknown kind of change ${String(type)}`;
      }
    }
    return this.voters.size === 0 ? "removed all voters" : undefined;
  }

  #makeVoter(id: MemberId): void {
    if (!this.#isMember(id)) this.fresh.add(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
    this.voters.add(id);
  }

  #makeLearner(id: MemberId): void {
    if (!this.#isMember(id)) {
      this.fresh.add(id);
      this.learners.add(id);
      return;
    }
    if (this.learners.has(id)) return;
    this.voters.delete(id);
    // A member must not be voter of one half and learner at once; it waits until the outgoing half is gone.
    if (this.outgoing.has(id)) this.learnersNext.add(id);
    else this.learners.add(id);
  }

  #remove(id: MemberId): void {
    this.voters.delete(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
  }

  outcome(): ChangeOutcome {
    const configuration: Configuration = {
      voters: this.voters,
      outgoing: this.outgoing,
      learners: this.learners,
      learnersNext: this.learnersNext,
      autoLeave: this.autoLeave,
    };
    const fault = configurationFault(configuration);
    return fault === undefined ? { configuration, fresh: this.fresh } : { refused: fault };
  }
}

function simpleChange(from: Configuration, changes: readonly ConfChangeSingle[]): ChangeOutcome {
  if (isJoint(from)) return { refused: "can't apply simple config change in joint config" };
  const draft = new Draft(from);
  const refused = draft.apply(changes);
  if (refused !== undefined) return { refused };
  let changed = 0;
  for (const id of draft.voters) if (!from.voters.has(id)) changed += 1;
  for (const id of from.voters) if (!draft.voters.has(id)) changed += 1;
  if (changed > 1) return { refused: "more than one voter changed without entering joint config" };
  return draft.outcome();
}

function enterJoint(from: Configuration, autoLeave: boolean, changes: readonly ConfChangeSingle[]): ChangeOutcome {
  if (isJoint(from)) return { refused: "config is already joint" };
  if (from.voters.size === 0) return { refused: "can't make a zero-voter config joint" };
  const draft = new Draft(from);
  for (const id of from.voters) draft.outgoing.add(id);
  draft.autoLeave = autoLeave;
  const refused = draft.apply(changes);
  return refused === undefined ? draft.outcome() : { refused };
}

function leaveJoint(from: Configuration): ChangeOutcome {
  if (!isJoint(from)) return { refused: "can't leave a non-joint config" };
  const draft = new Draft(from);
  for (const id of draft.learnersNext) draft.learners.add(id);
  draft.learnersNext.clear();
  draft.outgoing.clear();
  draft.autoLeave = false;
  return draft.outcome();
}

/**
 * Says what a change makes of a configuration. Nothing happens yet.
 *
 * One change with automatic transition is simple; several, or a joint transition, enter a joint configuration;
 * none with automatic transition leaves it.
 *
 * @returns `refused` with the reason when the change must not be applied to this configuration.
 */
export function changeConfiguration(from: Configuration, change: ConfChange | ConfChangeV2): ChangeOutcome {
  const { transition, changes } = toChangeV2(change);
  if (transition === ConfChangeTransition.auto) {
    if (changes.length === 0) return leaveJoint(from);
    if (changes.length === 1) return simpleChange(from, changes);
  }
  return enterJoint(from, transition !== ConfChangeTransition.jointExplicit, changes);
}

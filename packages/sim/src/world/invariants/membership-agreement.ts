import { hexId, type LogIndex, type MemberId } from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import type { Membership } from "@quorate/state";
import { check } from "../violation.ts";

const idList = (ids: readonly MemberId[]): string => ids.map(hexId).join(" ");

export const describeConfState = (state: ConfState): string =>
  `voters ${idList(state.voters)}; learners ${idList(state.learners)}; outgoing ${idList(state.votersOutgoing)}; ` +
  `next ${idList(state.learnersNext)}; ${state.autoLeave}`;

const describeMembers = (membership: Membership): string =>
  membership
    .list()
    .map(({ id, isLearner, peerUrls }) => `${hexId(id)} ${isLearner} ${peerUrls.join()}`)
    .join("; ");

/**
 * I11, membership agreement: raft's configuration, the members bucket and the map in memory agree, alike at all members
 * that applied the same changes; and removed ids never return.
 */
export class MembershipAgreement {
  readonly #known: Map<LogIndex, string> = new Map();
  readonly #removed: Set<MemberId> = new Set();
  /** Joint changes change votes without changing who is recorded as a learner. */
  readonly #joint: boolean;

  constructor(joint: boolean) {
    this.#joint = joint;
  }

  /** @param changeIndex of the last change of members that was applied. */
  onConfig(name: string, changeIndex: LogIndex, membership: Membership, config: ConfState): void {
    const members = describeMembers(membership);
    const text = `${members} | ${describeConfState(config)}`;
    const known = this.#known.get(changeIndex);
    if (known === undefined) this.#known.set(changeIndex, text);
    else check(known === text, "I11", () => `${name} has after change ${changeIndex}: ${text}; another has: ${known}`);
    for (const id of membership.removed()) this.#removed.add(id);
    for (const { id } of membership.list()) {
      check(!this.#removed.has(id) || membership.removed().includes(id) === false, "I11", () => `${hexId(id)} is back`);
    }
    const implied = membership.confState();
    if (this.#joint) {
      const all = [...config.voters, ...config.learners, ...config.votersOutgoing, ...config.learnersNext];
      const ids = [...new Set(all)].map(hexId).sort().join();
      const recorded = [...implied.voters, ...implied.learners].map(hexId).sort().join();
      check(ids === recorded, "I11", () => `${name} records the members ${recorded}, raft has ${ids}`);
      return;
    }
    check(
      describeConfState(implied) === describeConfState(config),
      "I11",
      () => `${name} records ${describeConfState(implied)}, raft has ${describeConfState(config)}`,
    );
  }
}

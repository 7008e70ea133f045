import type { MemberId } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Configuration,
  changeConfiguration,
  configurationFault,
  describeConfiguration,
  fromConfState,
  isJoint,
  toConfState,
} from "./configuration.ts";
import { type ConfChangeSingle, ConfChangeTransition, ConfChangeType, type ConfChangeV2 } from "./index.ts";
import { confOf, member } from "./testing/node.ts";

const { addNode, removeNode, addLearnerNode, updateNode } = ConfChangeType;
const { auto, jointImplicit, jointExplicit } = ConfChangeTransition;

const single = (type: ConfChangeType, id: number): ConfChangeSingle => ({ type, nodeId: member(id) });

const change = (transition: ConfChangeTransition, ...changes: ConfChangeSingle[]): ConfChangeV2 => ({
  transition,
  changes,
  context: new Uint8Array(0),
});

/** Applies changes in turn and prints where that leads, or the refusal. */
function after(from: Configuration, ...changes: readonly ConfChangeV2[]): string {
  let configuration = from;
  for (const next of changes) {
    const outcome = changeConfiguration(configuration, next);
    if ("refused" in outcome) return outcome.refused;
    configuration = outcome.configuration;
  }
  return describeConfiguration(configuration);
}

const three = fromConfState(confOf([1, 2, 3]));

describe("changes of members (§4)", () => {
  test("one voter at a time comes or goes without a joint phase", () => {
    expect(after(three, change(auto, single(addNode, 4)))).toBe("voters=(1 2 3 4)");
    expect(after(three, change(auto, single(removeNode, 3)))).toBe("voters=(1 2)");
    expect(after(three, change(auto, single(updateNode, 3)))).toBe("voters=(1 2 3)");
    expect(after(three, change(auto, single(addNode, 0)))).toBe("voters=(1 2 3)");
  });

  test("learners come, are promoted, demoted and go", () => {
    const withLearner = fromConfState(confOf([1, 2, 3], [4]));
    expect(after(three, change(auto, single(addLearnerNode, 4)))).toBe("voters=(1 2 3) learners=(4)");
    expect(after(withLearner, change(auto, single(addNode, 4)))).toBe("voters=(1 2 3 4)");
    expect(after(withLearner, change(auto, single(removeNode, 4)))).toBe("voters=(1 2 3)");
    expect(after(three, change(auto, single(addLearnerNode, 3)))).toBe("voters=(1 2) learners=(3)");
  });

  test("the last voter stays", () => {
    const one = fromConfState(confOf([1]));
    expect(after(one, change(auto, single(removeNode, 1)))).toBe("removed all voters");
  });

  test("several changes go through a joint configuration (§4.3)", () => {
    const replace = change(auto, single(addNode, 4), single(removeNode, 1));
    expect(after(three, replace)).toBe("voters=(2 3 4)&&(1 2 3) autoleave");
    expect(after(three, replace, change(auto))).toBe("voters=(2 3 4)");
    expect(after(three, change(jointExplicit, single(addNode, 4)))).toBe("voters=(1 2 3 4)&&(1 2 3)");
    expect(after(three, change(jointImplicit, single(addNode, 4)))).toBe("voters=(1 2 3 4)&&(1 2 3) autoleave");
  });

  test("a voter that becomes a learner waits until the outgoing half is gone", () => {
    const demote = change(jointExplicit, single(addLearnerNode, 3));
    expect(after(three, demote)).toBe("voters=(1 2)&&(1 2 3) learners_next=(3)");
    expect(after(three, demote, change(auto))).toBe("voters=(1 2) learners=(3)");
  });

  test("a joint configuration takes no change but the one that leaves it", () => {
    const enter = change(jointExplicit, single(addNode, 4));
    expect(after(three, enter, change(auto, single(addNode, 5)))).toMatch("in joint config");
    expect(after(three, enter, enter)).toMatch("already joint");
    expect(after(three, change(auto))).toMatch("can't leave a non-joint config");
  });

  test("a member that leaves and comes back within one change starts over", () => {
    const outcome = changeConfiguration(
      fromConfState(confOf([1, 2, 3], [4])),
      change(jointExplicit, single(removeNode, 4), single(addNode, 4)),
    );
    expect("fresh" in outcome && [...outcome.fresh]).toEqual([member(4)]);
  });

  test("whatever is applied, the outcome is sound and its conf state round-trips", () => {
    const anySingle = fc.record({
      type: fc.constantFrom(addNode, removeNode, addLearnerNode, updateNode),
      nodeId: fc.bigInt(0n, 6n) as fc.Arbitrary<MemberId>,
    });
    const anyChange = fc
      .record({
        transition: fc.constantFrom(auto, jointImplicit, jointExplicit),
        changes: fc.array(anySingle, { maxLength: 4 }),
      })
      .map(({ transition, changes }) => change(transition, ...changes));
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 12 }), (changes) => {
        let current = three;
        for (const next of changes) {
          const outcome = changeConfiguration(current, next);
          if ("refused" in outcome) continue;
          expect(configurationFault(outcome.configuration)).toBeUndefined();
          expect(outcome.configuration.voters.size).toBeGreaterThan(0);
          if (!isJoint(current) && !isJoint(outcome.configuration)) {
            const changed = [...current.voters].filter((id) => !outcome.configuration.voters.has(id)).length;
            expect(changed).toBeLessThanOrEqual(1);
          }
          current = outcome.configuration;
          expect(fromConfState(toConfState(current))).toEqual(current);
        }
      }),
    );
  });
});

import { describe, expect, test } from "vitest";
import { ConfChangeTransition, ConfChangeType, type ConfChangeV2, EntryType, MessageType } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { confOf, member } from "./testing/node.ts";

const { addNode, removeNode, addLearnerNode } = ConfChangeType;
const nothing = new Uint8Array(0);

type Part = readonly [ConfChangeType, number];

const one = (type: ConfChangeType, id: number) => ({ id: 1n, type, nodeId: member(id), context: nothing });

const many = (transition: ConfChangeTransition, ...parts: readonly Part[]): ConfChangeV2 => ({
  transition,
  changes: parts.map(([type, id]) => ({ type, nodeId: member(id) })),
  context: nothing,
});

function led(voters: readonly number[], options = {}): Cluster {
  const cluster = new Cluster(voters, options);
  cluster.elect(1);
  cluster.forget();
  return cluster;
}

const votersAt = (cluster: Cluster, id: number): number[] => cluster.node(id).raw.status().config.voters.map(Number);

describe("changes of members (§4)", () => {
  test("a newcomer is found by the leader, catches up and votes", () => {
    const cluster = led([1, 2, 3]);
    cluster.join(4);
    cluster.propose(1, "before");
    cluster.settle();
    cluster.node(1).compact();
    cluster.node(1).raw.proposeConfChange(one(addNode, 4));
    cluster.tick(3);
    for (const id of [1, 2, 3, 4]) expect(votersAt(cluster, id)).toEqual([1, 2, 3, 4]);
    // Quorum is three now.
    cluster.partition([1, 4]);
    const before = cluster.node(1).raw.commit;
    cluster.propose(1, "a");
    cluster.settle();
    expect(cluster.node(1).raw.commit).toBe(before);
    cluster.partition([1, 2, 4]);
    cluster.tick(2);
    expect(cluster.node(1).raw.commit).toBeGreaterThan(before);
  });

  test("a change is in force when applied, not when appended", () => {
    const cluster = led([1, 2, 3]);
    cluster.partition([1]);
    cluster.node(1).raw.proposeConfChange(one(addNode, 4));
    cluster.settle();
    expect(votersAt(cluster, 1)).toEqual([1, 2, 3]);
  });

  test("a second change in flight becomes an empty entry, and its proposer hears why (M07)", () => {
    const cluster = led([1, 2, 3]);
    const { raw } = cluster.node(1);
    expect(raw.proposeConfChange(one(addNode, 4))).toMatchObject({ kind: "accepted", replaced: undefined });
    expect(raw.proposeConfChange(one(addNode, 5))).toMatchObject({ kind: "accepted", replaced: "changePending" });
    const types = raw.ready().entries.map(({ type }) => type);
    expect(types).toEqual([EntryType.confChange, EntryType.normal]);
  });

  test("a new leader takes none before it applied all it found in its log", () => {
    const cluster = led([1, 2, 3]);
    cluster.passes = ({ type }) => type !== MessageType.appResp;
    cluster.propose(1, "perhaps a change");
    cluster.settle();
    cluster.passes = ({ from, type }) => from !== member(1) && type !== MessageType.app;
    cluster.elect(2);
    const { raw } = cluster.node(2);
    expect(raw.proposeConfChange(one(addNode, 4))).toMatchObject({ replaced: "changePending" });
    cluster.partition([2, 3]);
    cluster.tick(2, [2, 3]);
    expect(raw.proposeConfChange(one(addNode, 4))).toMatchObject({ replaced: undefined });
  });

  test("a change that cannot be read becomes an empty entry", () => {
    const cluster = led([1, 2, 3]);
    const { raw } = cluster.node(1);
    const before = raw.lastIndex;
    cluster.node(2).raw.propose([nothing]);
    cluster.node(2).drain();
    const [proposal] = cluster.sentOf(MessageType.prop);
    const entries = [
      { type: EntryType.confChange, term: 0, index: 0, data: new Uint8Array([255]), encoded: undefined },
    ];
    if (proposal !== undefined) raw.step({ ...proposal, entries });
    expect(raw.lastIndex).toBe(before + 1);
    expect(raw.ready().entries.map(({ type }) => type)).toEqual([EntryType.normal]);
  });

  test("a change that no member could apply becomes an empty entry", () => {
    const { raw } = led([1]).node(1);
    expect(raw.proposeConfChange(one(removeNode, 1))).toMatchObject({ replaced: "impossible" });
    const replaceAll = many(ConfChangeTransition.auto, [removeNode, 1], [addNode, 2]);
    expect(raw.proposeConfChange(replaceAll)).toMatchObject({ replaced: undefined });
  });

  test("a change that was found void changes nothing", () => {
    const cluster = led([1, 2, 3]);
    expect(cluster.node(1).raw.applyConfChange("none")).toEqual(confOf([1, 2, 3]));
  });

  test("a removed leader commits its removal under the new majority and takes no more proposals (M10, §4.2.2)", () => {
    const cluster = led([1, 2, 3]);
    cluster.node(1).raw.proposeConfChange(one(removeNode, 1));
    cluster.settle();
    expect(votersAt(cluster, 2)).toEqual([2, 3]);
    expect(cluster.node(1).raw.role).toBe("leader");
    expect(cluster.propose(1, "a")).toEqual({ kind: "dropped", reason: "notInConfiguration" });
    cluster.partition([2, 3]);
    cluster.tick(40, [2, 3]);
    expect(cluster.leaders().filter((id) => id !== 1)).toHaveLength(1);
  });

  test("with step-down on removal it follows at once", () => {
    const cluster = led([1, 2, 3], { stepDownOnRemoval: true });
    cluster.node(1).raw.proposeConfChange(one(removeNode, 1));
    cluster.settle();
    expect(cluster.node(1).raw.role).toBe("follower");
  });

  test("removing a member can commit what waited for it", () => {
    const cluster = led([1, 2, 3, 4]);
    cluster.partition([1, 2, 3]);
    cluster.node(1).raw.proposeConfChange(one(removeNode, 4));
    cluster.settle();
    cluster.partition([1, 2]);
    cluster.propose(1, "a");
    cluster.settle();
    expect(cluster.applied.get(member(2))).toEqual(["a"]);
  });
});

describe("learners (§4.2.1)", () => {
  test("receive everything, count for nothing, and can be promoted", () => {
    const cluster = led([1, 2]);
    cluster.join(3);
    cluster.node(1).raw.proposeConfChange(one(addLearnerNode, 3));
    cluster.tick(3);
    cluster.propose(1, "a");
    cluster.settle();
    expect(cluster.applied.get(member(3))).toEqual(["a"]);
    cluster.partition([1, 3]);
    const before = cluster.node(1).raw.commit;
    cluster.propose(1, "b");
    cluster.settle();
    expect(cluster.node(1).raw.commit).toBe(before);
    cluster.heal();
    cluster.tick(2);
    cluster.node(1).raw.proposeConfChange(one(addNode, 3));
    cluster.settle();
    expect(cluster.node(3).raw.status().config).toEqual(confOf([1, 2, 3]));
  });
});

describe("joint consensus (§4.3)", () => {
  test("a replacement goes through a joint configuration and leaves it by itself", () => {
    const cluster = led([1, 2, 3]);
    cluster.join(4);
    cluster.node(1).raw.proposeConfChange(many(ConfChangeTransition.auto, [addNode, 4], [removeNode, 3]));
    cluster.tick(5);
    for (const id of [1, 2, 4]) expect(cluster.node(id).raw.status().config).toEqual(confOf([1, 2, 4]));
  });

  test("an explicit one stays joint until it is told to leave, and takes no other change", () => {
    const cluster = led([1, 2, 3]);
    const { raw } = cluster.node(1);
    raw.proposeConfChange(many(ConfChangeTransition.jointExplicit, [addLearnerNode, 3]));
    cluster.tick(5);
    const joint = { voters: [member(1), member(2)], votersOutgoing: [1, 2, 3].map(member), learnersNext: [member(3)] };
    expect(raw.status().config).toMatchObject(joint);
    expect(raw.proposeConfChange(one(addNode, 5))).toMatchObject({ replaced: "joint" });
    cluster.settle();
    raw.proposeConfChange(many(ConfChangeTransition.auto));
    cluster.settle();
    expect(raw.status().config).toEqual(confOf([1, 2], [3]));
    expect(raw.proposeConfChange(many(ConfChangeTransition.auto))).toMatchObject({ replaced: "notJoint" });
  });

  test("while joint, both majorities must agree", () => {
    const cluster = led([1, 2, 3]);
    for (const id of [4, 5]) cluster.join(id);
    const parts: Part[] = [
      [addNode, 4],
      [addNode, 5],
      [removeNode, 2],
      [removeNode, 3],
    ];
    cluster.node(1).raw.proposeConfChange(many(ConfChangeTransition.jointExplicit, ...parts));
    cluster.tick(5);
    const { raw } = cluster.node(1);
    for (const group of [
      [1, 4, 5],
      [1, 2, 3],
    ]) {
      cluster.partition(group);
      const before = raw.commit;
      cluster.propose(1, "a");
      cluster.settle();
      expect(raw.commit).toBe(before);
      cluster.heal();
      cluster.tick(2);
      expect(raw.commit).toBeGreaterThan(before);
    }
  });

  test("a new leader leaves the joint configuration of a dead one", () => {
    const cluster = led([1, 2, 3]);
    cluster.passes = ({ entries }) =>
      !entries.some(({ type, data }) => type === EntryType.confChangeV2 && data.length === 0);
    cluster.node(1).raw.proposeConfChange(many(ConfChangeTransition.jointImplicit, [removeNode, 1]));
    cluster.settle();
    expect(cluster.node(2).raw.status().config.autoLeave).toBe(true);
    cluster.partition([2, 3]);
    cluster.elect(2);
    cluster.tick(3, [2, 3]);
    expect(cluster.node(3).raw.status().config).toEqual(confOf([2, 3]));
  });
});

describe("schedules that once elected two leaders", () => {
  test("one add and one remove, never seen by each other (M01)", () => {
    const cluster = led([1, 2, 3, 4]);
    cluster.partition([1], [2, 3, 4]);
    cluster.join(5);
    cluster.node(1).raw.proposeConfChange(one(addNode, 5));
    cluster.settle();
    cluster.partition([2, 3, 4]);
    cluster.elect(2);
    cluster.node(2).raw.proposeConfChange(one(removeNode, 1));
    cluster.settle();
    expect(votersAt(cluster, 3)).toEqual([2, 3, 4]);
    const removedAt = cluster.node(2).raw.commit;
    // Member 1 returns and can reach only 4 and the member it wanted to add.
    cluster.partition([1, 4, 5], [2, 3]);
    cluster.tick(40, [1, 4, 5]);
    cluster.node(1).raw.campaign();
    cluster.settle();
    expect(cluster.leaders().filter((id) => id !== 2)).toEqual([]);
    cluster.heal();
    cluster.tick(40);
    expect(cluster.node(3).raw.commit).toBeGreaterThanOrEqual(removedAt);
    expect(votersAt(cluster, 3)).toEqual([2, 3, 4]);
  });

  test("a member that knows of changes it has not applied does not campaign (M04)", () => {
    const cluster = led([1, 2, 3]);
    const slow = cluster.node(3);
    for (const id of [4, 5]) cluster.join(id);
    // Member 3 stores and acknowledges everything but applies nothing.
    const settleWithoutThree = (): void => {
      for (let round = 0; round < 30; round++) {
        for (const node of cluster.nodes.values()) {
          if (node !== slow) node.work();
          else while (node.finishAppend()) continue;
          node.drain();
        }
        while (cluster.deliverOne()) continue;
      }
    };
    for (const id of [4, 5]) {
      cluster.node(1).raw.proposeConfChange(one(addNode, id));
      settleWithoutThree();
    }
    expect(votersAt(cluster, 1)).toEqual([1, 2, 3, 4, 5]);
    expect(votersAt(cluster, 3)).toEqual([1, 2, 3]);
    expect(slow.raw.commit).toBe(cluster.node(1).raw.commit);
    slow.raw.forgetLeader();
    slow.raw.campaign();
    expect(slow.raw.role).toBe("follower");
    while (slow.finishApply()) continue;
    slow.raw.campaign();
    expect(slow.raw.role).toBe("preCandidate");
  });

  test("nor does it after a torn write kept both changes and lost the hard state (M05)", () => {
    const cluster = led([1, 2, 3]);
    for (const id of [4, 5]) cluster.join(id);
    const before = cluster.node(3).disk.hardState;
    for (const id of [4, 5]) {
      cluster.node(1).raw.proposeConfChange(one(addNode, id));
      cluster.tick(3);
    }
    const torn = cluster.node(3);
    const changes = torn.disk.entries.filter(({ type }) => type !== EntryType.normal).map(({ index }) => index);
    expect(changes).toHaveLength(2);
    torn.disk.hardState = before;
    torn.restart();
    expect(torn.raw.commit).toBe(changes[0]);
    cluster.partition([1, 3], [2, 4, 5]);
    torn.raw.campaign();
    expect(torn.raw.role).toBe("follower");
    // The commit index it inferred is made durable with the first batch.
    expect(torn.raw.ready().hardState).toMatchObject({ commit: changes[0] });
  });
});

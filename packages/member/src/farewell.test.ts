import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import { TestCluster } from "./testing/cluster.ts";

interface Two {
  readonly cluster: TestCluster;
  readonly leader: Member;
  readonly leaderName: string;
  readonly other: Member;
  readonly otherName: string;
}

/** Two members that know each other well. */
async function two(): Promise<Two> {
  const cluster = await TestCluster.start(2);
  await cluster.clock.advance(5000);
  const leader = cluster.leader() as Member;
  const other = cluster.up().find((member) => member !== leader) as Member;
  return { cluster, leader, leaderName: cluster.nameOf(leader), other, otherName: cluster.nameOf(other) };
}

/**
 * Lets the leader commit its own removal, and cuts it off before the other member learns of that.
 *
 * @param more it has a later entry, too, that it alone holds.
 */
async function removedUnheard(more = false): Promise<Two> {
  const found = await two();
  const { cluster, leader, other, leaderName } = found;
  const before = leader.committed;
  leader.changes.remove(leader.id).catch(() => undefined);
  // A message travels for a millisecond.
  if (more) {
    await cluster.clock.advance(1);
    cluster.cut(leaderName, cluster.nameOf(other));
    cluster.put(leader, "alone", "1").catch(() => undefined);
  }
  while (leader.committed === before) await cluster.clock.advance(1);
  cluster.isolate(leaderName);
  await cluster.clock.advance(100);
  expect(leader.machine.membership.isRemoved(leader.id)).toBe(true);
  expect(other.committed).toBe(before);
  return found;
}

/** The member that is left leads alone and takes writes. */
async function expectAlone({ cluster, leader, otherName }: Two): Promise<void> {
  const member = (): Member | undefined => cluster.node(otherName).member;
  await cluster.clock.until(() => member()?.isLeader === true && member()?.raftStatus().config.voters.length === 1);
  expect(member()?.machine.membership.isRemoved(leader.id)).toBe(true);
  await cluster.settle(cluster.put(member() as Member, "after", "1"));
}

describe("a leader that is removed from two members (M10)", () => {
  test("stops within 2 s when the other one has put the removal in force", async () => {
    const { cluster, leader, leaderName } = await two();
    await cluster.settle(leader.changes.remove(leader.id));
    await cluster.clock.advance(900);
    expect(cluster.node(leaderName).stopped).toBeUndefined();
    await cluster.clock.advance(1100);
    expect(cluster.node(leaderName).stopped).toEqual({ kind: "removed", known: true });
  });

  test("stays until the other one knows, which would be stuck without it, and serves nobody meanwhile", async () => {
    const found = await removedUnheard();
    const { cluster, leader, leaderName } = found;
    let retired = false;
    leader.onRetired = () => {
      retired = true;
    };
    await cluster.clock.advance(20_000);
    expect(cluster.node(leaderName).stopped).toBeUndefined();
    expect(retired).toBe(true);
    await expect(cluster.settle(cluster.put(leader, "no", "1"))).rejects.toMatchObject({ code: "stopped" });
    cluster.heal();
    await expectAlone(found);
    await cluster.clock.advance(1000);
    expect(cluster.node(leaderName).stopped).toEqual({ kind: "removed", known: true });
  });

  test("helps the other one when it is started again after a crash", async () => {
    const found = await removedUnheard();
    const { cluster, leaderName } = found;
    cluster.kill(leaderName);
    await cluster.clock.advance(5000);
    cluster.heal();
    await cluster.boot(leaderName);
    await expectAlone(found);
    await cluster.clock.until(() => cluster.node(leaderName).stopped !== undefined);
    expect(cluster.node(leaderName).stopped).toEqual({ kind: "removed", known: true });
  });

  test("helps the other one, which lacks entries that it has: it cannot vote for it, but tells it what is committed", async () => {
    const found = await removedUnheard(true);
    const { cluster, leader, leaderName, other } = found;
    expect(leader.raftStatus().lastIndex).toBeGreaterThan(leader.committed);
    expect(other.raftStatus().lastIndex).toBe(leader.committed);
    cluster.kill(leaderName, () => true);
    cluster.heal();
    await cluster.boot(leaderName);
    await expectAlone(found);
  });

  test("goes at last when nobody answers, and says that the others may not know", async () => {
    const { cluster, leader, leaderName, otherName } = await removedUnheard();
    cluster.kill(otherName);
    await cluster.clock.advance(59_000);
    expect(cluster.node(leaderName).stopped).toBeUndefined();
    await cluster.clock.advance(2000);
    expect(cluster.node(leaderName).stopped).toEqual({ kind: "removed", known: false });
    await cluster.settle(leader.stop());
    const again = await cluster.boot(leaderName);
    await expect(cluster.settle(cluster.put(again, "no", "1"))).rejects.toMatchObject({ code: "stopped" });
    await cluster.clock.advance(6000);
    expect(cluster.node(leaderName).stopped).toEqual({ kind: "removed", known: false });
  });
});

test("a member that has put a removal in force has not forgotten it after a power cut", async () => {
  const found = await two();
  const { cluster, leader, leaderName, other, otherName } = found;
  leader.changes.remove(leader.id).catch(() => undefined);
  await cluster.clock.until(() => other.machine.membership.isRemoved(leader.id));
  cluster.kill(otherName);
  cluster.kill(leaderName);
  await cluster.boot(otherName);
  await expectAlone(found);
});

test("a member that is told of its removal votes on while the voters count it in", async () => {
  const { cluster, leader, leaderName, other, otherName } = await two();
  // As a learner would that has heard of the removal alone.
  other.stoppedByRemoval();
  await cluster.clock.advance(5000);
  expect(cluster.node(otherName).stopped).toBeUndefined();
  await cluster.settle(cluster.put(leader, "with-its-vote", "1"));
  await cluster.settle(leader.changes.remove(other.id));
  await cluster.clock.advance(1000);
  expect(cluster.node(otherName).stopped).toEqual({ kind: "removed", known: true });
  await cluster.settle(cluster.put(cluster.node(leaderName).running, "without", "1"));
});

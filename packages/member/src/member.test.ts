import { KvError } from "@quorate/api";
import { utf8Decode, utf8Encode } from "@quorate/base";
import { valueOf } from "@quorate/mvcc";
import { expect, test } from "vitest";
import { BootError } from "./bootstrap.ts";
import type { Member } from "./member.ts";
import { Node, TestCluster } from "./testing/cluster.ts";

function valueAt(member: Member, key: string): string | undefined {
  const found = member.machine.store.range({ key: utf8Encode(key) });
  if (found.kind !== "ok" || found.rows[0] === undefined) return undefined;
  return utf8Decode(valueOf(found.rows[0]));
}

async function leaderOf(cluster: TestCluster): Promise<Member> {
  await cluster.clock.until(() => cluster.leader() !== undefined);
  return cluster.leader() as Member;
}

const others = (cluster: TestCluster, member: Member): Member[] => cluster.up().filter((other) => other !== member);

async function refusalOf(cluster: TestCluster, promise: Promise<unknown>): Promise<string> {
  try {
    await cluster.settle(promise);
    return "accepted";
  } catch (error) {
    return error instanceof KvError ? error.code : String(error);
  }
}

test("one member alone leads within a tick and keeps what it acknowledged through a power cut", async () => {
  const cluster = await TestCluster.start(1);
  const member = cluster.node("m1").running;
  expect(member.isLeader).toBe(true);
  await cluster.settle(cluster.put(member, "a", "1"));
  cluster.kill("m1");
  const again = await cluster.boot("m1");
  await cluster.clock.until(() => again.isLeader);
  await cluster.clock.until(() => valueAt(again, "a") === "1");
});

test("three members apply the same through any of them", async () => {
  const cluster = await TestCluster.start(3);
  for (const [i, member] of cluster.up().entries()) {
    const outcome = await cluster.settle(cluster.put(member, `k${i}`, "v"));
    expect(outcome).toMatchObject({ kind: "put", revision: i + 2 });
  }
  await cluster.clock.advance(500);
  expect(new Set(await cluster.hashes()).size).toBe(1);
  expect(cluster.up().map((member) => member.machine.membership.clusterVersion)).toEqual(["3.6.0", "3.6.0", "3.6.0"]);
});

test("a leader that loses power is replaced, and catches up from its disk", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const name = cluster.nameOf(leader);
  await cluster.settle(cluster.put(leader, "a", "1"));
  cluster.kill(name);
  const [other] = cluster.up();
  const killedMs = cluster.clock.nowMs();
  await cluster.settle(cluster.put(other as Member, "b", "2"));
  expect(cluster.clock.nowMs() - killedMs).toBeLessThan(3000);
  const again = await cluster.boot(name);
  await cluster.clock.until(() => valueAt(again, "b") === "2");
  expect(valueAt(again, "a")).toBe("1");
});

test("all members losing power at once lose nothing that was acknowledged", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  for (let i = 0; i < 50; i++) await cluster.settle(cluster.put(leader, `k${i}`, "v"));
  for (const name of cluster.nodes.keys()) cluster.kill(name);
  for (const name of cluster.nodes.keys()) await cluster.boot(name);
  await cluster.clock.until(() => cluster.up().every((member) => valueAt(member, "k49") === "v"));
  expect(new Set(await cluster.hashes()).size).toBe(1);
});

test("a proposal to a follower whose leader was cut off succeeds with the next leader", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  cluster.isolate(cluster.nameOf(leader));
  const follower = others(cluster, leader)[0] as Member;
  const outcome = await cluster.settle(cluster.put(follower, "a", "1"), 4000);
  expect(outcome.kind).toBe("put");
});

test("what was forwarded to a leader that died is told as soon as the next one is at work", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const follower = others(cluster, leader)[0] as Member;
  const lost = cluster.put(follower, "a", "1");
  lost.catch(() => undefined);
  cluster.clock.nextTurn(() => cluster.kill(cluster.nameOf(leader)));
  expect(await refusalOf(cluster, lost)).toBe("timeoutDueToLeaderFail");
  expect(cluster.clock.nowMs()).toBeLessThan(10_000);
});

test("without a quorum a write fails with its time limit, and a linearizable read too", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  for (const member of others(cluster, leader)) cluster.kill(cluster.nameOf(member));
  await cluster.clock.advance(3000);
  expect(await refusalOf(cluster, cluster.put(leader, "a", "1"))).toBe("contextDeadlineExceeded");
  const read = new Promise<void>((resolve, reject) => leader.linearizable({ ready: resolve, fail: reject }));
  expect(await refusalOf(cluster, read)).toBe("timeout");
});

test("a deposed leader answers no linearizable read (N01)", async () => {
  const cluster = await TestCluster.start(3);
  const old = await leaderOf(cluster);
  cluster.isolate(cluster.nameOf(old));
  const read = new Promise<void>((resolve, reject) => old.linearizable({ ready: resolve, fail: reject }));
  expect(["leaderChanged", "timeout"]).toContain(await refusalOf(cluster, read));
});

test("a linearizable read at a follower sees what was acknowledged before", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const follower = others(cluster, leader)[0] as Member;
  await cluster.settle(cluster.put(leader, "a", "1"));
  await cluster.settle(new Promise<void>((resolve, reject) => follower.linearizable({ ready: resolve, fail: reject })));
  expect(valueAt(follower, "a")).toBe("1");
});

async function joined(cluster: TestCluster, name: string, learner = false): Promise<Member> {
  const leader = await leaderOf(cluster);
  cluster.nodes.set(name, new Node(name));
  await cluster.clock.advance(5000);
  await cluster.settle(leader.changes.add([cluster.node(name).url], learner));
  const member = await cluster.boot(name, "existing");
  await cluster.clock.until(() => member.duties.isPublished);
  return member;
}

test("a fourth member joins from the log, publishes itself and votes", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  await cluster.settle(cluster.put(leader, "a", "1"));
  const fourth = await joined(cluster, "m4");
  expect(valueAt(fourth, "a")).toBe("1");
  for (const member of cluster.up()) {
    await cluster.clock.until(() => member.machine.membership.get(fourth.id)?.name === "m4");
    expect(member.raftStatus().config.voters).toHaveLength(4);
  }
});

test("a member joins from a snapshot when the log was compacted, and keeps it through a power cut", async () => {
  const cluster = await TestCluster.start(3, { overrides: { snapshotCount: 20, snapshotCatchUpEntries: 5 } });
  const leader = await leaderOf(cluster);
  for (let i = 0; i < 100; i++) await cluster.settle(cluster.put(leader, `k${i}`, "v"));
  const fourth = await joined(cluster, "m4");
  expect(fourth.raftStatus().firstIndex).toBeGreaterThan(50);
  expect(valueAt(fourth, "k0")).toBe("v");
  cluster.kill("m4");
  const again = await cluster.boot("m4", "existing");
  await cluster.clock.until(() => again.applied === leader.applied);
  expect(new Set(await cluster.hashes()).size).toBe(1);
});

test("a learner takes no part in quorums, is promoted once it has caught up, and only once", async () => {
  const cluster = await TestCluster.start(1);
  const leader = await leaderOf(cluster);
  cluster.nodes.set("m2", new Node("m2"));
  const added = await cluster.settle(leader.changes.add([cluster.node("m2").url], true));
  await cluster.settle(cluster.put(leader, "a", "1"));
  expect(await refusalOf(cluster, leader.changes.promote(added.id))).toBe("learnerNotReady");
  const learner = await cluster.boot("m2", "existing");
  await cluster.clock.until(() => learner.duties.isPublished);
  expect(learner.isLearner).toBe(true);
  expect(await refusalOf(cluster, learner.changes.promote(added.id))).toBe("accepted");
  await cluster.clock.advance(500);
  expect(learner.isLearner).toBe(false);
  expect(await refusalOf(cluster, leader.changes.promote(added.id))).toBe("memberNotLearner");
});

test("a second learner, a known URL and an unknown member are refused with etcd's codes (M40)", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  await cluster.clock.advance(5000);
  await cluster.settle(leader.changes.add(["http://x:1"], true));
  await cluster.clock.advance(1000);
  expect(await refusalOf(cluster, leader.changes.add(["http://y:1"], true))).toBe("tooManyLearners");
  expect(await refusalOf(cluster, leader.changes.add(["http://x:1"], false))).toBe("peerUrlExist");
  expect(await refusalOf(cluster, leader.changes.add(["x:1"], false))).toBe("memberBadUrls");
  expect(await refusalOf(cluster, leader.changes.remove(7n as never))).toBe("memberNotFound");
  expect(await refusalOf(cluster, leader.changes.update(7n as never, ["http://z:1"]))).toBe("memberNotFound");
});

test("two changes at the same time both come into force, one after the other", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  await cluster.clock.advance(5000);
  const update = others(cluster, leader)[0] as Member;
  const both = Promise.all([
    leader.changes.update(update.id, ["http://moved:1"]),
    leader.changes.add(["http://x:1"], true),
  ]);
  await cluster.settle(both);
  expect(leader.machine.membership.get(update.id)?.peerUrls).toEqual(["http://moved:1"]);
  expect(leader.machine.membership.list()).toHaveLength(4);
});

test("a removed follower stops itself and refuses to start again; the others go on", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const gone = others(cluster, leader)[0] as Member;
  const name = cluster.nameOf(gone);
  await cluster.clock.advance(5000);
  await cluster.settle(leader.changes.remove(gone.id));
  await cluster.clock.until(() => cluster.node(name).stopped !== undefined);
  expect(cluster.node(name).stopped).toEqual({ kind: "removed", known: true });
  await cluster.settle(gone.stop());
  await cluster.boot(name);
  await cluster.clock.until(() => cluster.node(name).stopped !== undefined);
  expect(cluster.node(name).stopped).toEqual({ kind: "removed", known: true });
  await cluster.settle(cluster.put(leader, "a", "1"));
});

test("a removed leader is followed by another one", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const name = cluster.nameOf(leader);
  await cluster.clock.advance(5000);
  await cluster.settle(leader.changes.remove(leader.id));
  await cluster.clock.until(() => cluster.node(name).stopped !== undefined);
  await cluster.clock.until(() => cluster.leader() !== undefined);
  const next = await leaderOf(cluster);
  expect(next).not.toBe(leader);
  const outcome = await cluster.settle(cluster.put(next, "a", "1"));
  expect(outcome.kind).toBe("put");
});

test("leadership moves to whom it is asked to move, and nowhere else", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const target = others(cluster, leader)[0] as Member;
  expect(await refusalOf(cluster, target.leadership.moveTo(target.id))).toBe("notLeader");
  expect(await refusalOf(cluster, leader.leadership.moveTo(9n as never))).toBe("badLeaderTransferee");
  await cluster.settle(leader.leadership.moveTo(target.id));
  expect(target.isLeader).toBe(true);
});

test("a wiped member that had started is refused, new or existing (M24, M25)", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const wiped = cluster.nameOf(others(cluster, leader)[0] as Member);
  cluster.kill(wiped);
  cluster.node(wiped).disk.removeTree("/data");
  await expect(cluster.boot(wiped, "existing")).rejects.toThrow("already started in this cluster; its data is lost");
  await expect(cluster.boot(wiped, "new")).rejects.toThrow("has already been bootstrapped");
});

test("a database whose log is gone is refused", async () => {
  const cluster = await TestCluster.start(1);
  const member = cluster.node("m1").running;
  await cluster.settle(cluster.put(member, "a", "1"));
  await cluster.settle(member.stop());
  cluster.node("m1").disk.removeTree("/data/member/wal");
  const refusal = cluster.boot("m1");
  await expect(refusal).rejects.toThrow(BootError);
  await expect(refusal).rejects.toThrow("a database without a log");
});

test("a member that was isolated for long neither raises the term nor disturbs the leader (M37)", async () => {
  const cluster = await TestCluster.start(3);
  const leader = await leaderOf(cluster);
  const name = cluster.nameOf(others(cluster, leader)[0] as Member);
  cluster.isolate(name);
  const { term } = leader;
  await cluster.clock.advance(60_000);
  cluster.heal();
  await cluster.clock.advance(5000);
  expect(cluster.leader()).toBe(leader);
  expect(leader.term).toBe(term);
});

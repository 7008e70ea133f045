import { describe, expect, test } from "vitest";
import { MessageType } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { member } from "./testing/node.ts";

function led(voters = [1, 2, 3], learners: number[] = []): Cluster {
  const cluster = new Cluster(voters, {}, learners);
  cluster.elect(1);
  cluster.forget();
  return cluster;
}

describe("leadership transfer (§3.10)", () => {
  test("a member that is up to date takes over at once, in the next term, without pre-vote", () => {
    const cluster = led();
    cluster.node(1).raw.transferLeader(member(2));
    cluster.settle();
    expect(cluster.leaders()).toEqual([2]);
    expect(cluster.node(2).raw.term).toBe(3);
    expect(cluster.sentOf(MessageType.preVote)).toEqual([]);
  });

  test("a member that lags is brought up to date first", () => {
    const cluster = led();
    cluster.partition([1, 3]);
    cluster.propose(1, "a");
    cluster.settle();
    cluster.heal();
    cluster.node(1).raw.transferLeader(member(2));
    cluster.tick(2);
    expect(cluster.leaders()).toEqual([2]);
    expect(cluster.applied.get(member(2))).toEqual(["a"]);
  });

  test("a follower passes the wish on", () => {
    const cluster = led();
    cluster.node(3).raw.transferLeader(member(2));
    cluster.settle();
    expect(cluster.leaders()).toEqual([2]);
  });

  test("proposals are refused meanwhile and resume when the target is lost (M12)", () => {
    const cluster = led();
    cluster.partition([1, 3]);
    cluster.node(1).raw.transferLeader(member(2));
    expect(cluster.propose(1, "a")).toEqual({ kind: "dropped", reason: "transferring" });
    cluster.tick(9);
    expect(cluster.node(1).raw.status().leadTransferee).toBe(member(2));
    cluster.tick(1);
    expect(cluster.propose(1, "b")).toMatchObject({ kind: "accepted" });
    cluster.settle();
    expect(cluster.applied.get(member(3))).toEqual(["b"]);
  });

  test("removing the target ends it (M11)", () => {
    const cluster = led();
    const { raw } = cluster.node(1);
    raw.proposeConfChange({ id: 1n, type: 1, nodeId: member(2), context: new Uint8Array(0) });
    cluster.partition([1, 3]);
    raw.transferLeader(member(2));
    cluster.settle();
    expect(raw.status()).toMatchObject({ role: "leader", leadTransferee: 0n });
    expect(cluster.propose(1, "a")).toMatchObject({ kind: "accepted" });
  });

  test("learners, strangers and the leader itself are no targets", () => {
    const cluster = led([1, 2], [3]);
    for (const id of [3, 9, 1]) {
      cluster.node(1).raw.transferLeader(member(id));
      expect(cluster.node(1).raw.status().leadTransferee).toBe(0n);
    }
  });

  test("a second wish replaces the first, the same one does not start it again", () => {
    const cluster = led();
    cluster.partition([1]);
    const { raw } = cluster.node(1);
    raw.transferLeader(member(2));
    cluster.tick(6, [1]);
    raw.transferLeader(member(2));
    raw.transferLeader(member(3));
    expect(raw.status().leadTransferee).toBe(member(3));
  });
});

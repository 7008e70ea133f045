import { KvError } from "@quorate/api";
import { expect, test } from "vitest";
import type { Member } from "./member.ts";
import { TestCluster } from "./testing/cluster.ts";

async function codeOf(cluster: TestCluster, promise: Promise<unknown>): Promise<string> {
  try {
    await cluster.settle(promise);
    return "accepted";
  } catch (error) {
    return error instanceof KvError ? error.code : String(error);
  }
}

test("of two removals at the same time that together leave nobody, the second is refused", async () => {
  const cluster = await TestCluster.start(2);
  await cluster.clock.advance(6000);
  const leader = cluster.leader() as Member;
  const other = cluster.up().find((member) => member !== leader) as Member;
  const first = codeOf(cluster, leader.changes.remove(other.id));
  const second = codeOf(cluster, leader.changes.remove(leader.id));
  expect(await first).toBe("accepted");
  expect(await second).toBe("notEnoughStarted");
  await cluster.settle(cluster.put(leader, "a", "1"));
});

test("of two removals through two members that together leave nobody, only one comes into force", async () => {
  const cluster = await TestCluster.start(2);
  await cluster.clock.advance(6000);
  const leader = cluster.leader() as Member;
  const other = cluster.up().find((member) => member !== leader) as Member;
  const answers = [codeOf(cluster, leader.changes.remove(other.id)), codeOf(cluster, other.changes.remove(leader.id))];
  await Promise.all(answers);
  await cluster.clock.advance(10_000);
  const left = cluster.up();
  expect(left).toHaveLength(1);
  await cluster.settle(cluster.put(left[0] as Member, "a", "1"));
});

test("the last voter cannot be removed, whatever checks are off", async () => {
  const cluster = await TestCluster.start(1, { overrides: { strictReconfigCheck: false } });
  const leader = cluster.leader() as Member;
  await cluster.settle(leader.changes.add(["http://learner:1"], true));
  expect(await codeOf(cluster, leader.changes.remove(leader.id))).toBe("notEnoughStarted");
  await cluster.settle(cluster.put(leader, "a", "1"));
});

test("so many changes may wait, and no more", async () => {
  const cluster = await TestCluster.start(3);
  const leader = cluster.leader() as Member;
  for (const member of cluster.up()) if (member !== leader) cluster.kill(cluster.nameOf(member));
  const waiting = Array.from({ length: 64 }, (_, i) =>
    codeOf(cluster, leader.changes.update(leader.id, [`http://m:${i + 1}`])),
  );
  expect(await codeOf(cluster, leader.changes.update(leader.id, ["http://more:1"]))).toBe("tooManyRequests");
  await cluster.settle(leader.stop());
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["stopped"]));
});

test("so many promotions may wait for a leader, and no more", async () => {
  const cluster = await TestCluster.start(3);
  const follower = cluster.up().find((member) => !member.isLeader) as Member;
  for (const member of cluster.up()) if (member !== follower) cluster.kill(cluster.nameOf(member));
  await cluster.clock.advance(3000);
  const waiting = Array.from({ length: 64 }, () => codeOf(cluster, follower.changes.promote(follower.id)));
  expect(await codeOf(cluster, follower.changes.promote(follower.id))).toBe("tooManyRequests");
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["noLeader"]));
});

test("whoever has given up already proposes nothing", async () => {
  const cluster = await TestCluster.start(1);
  const leader = cluster.leader() as Member;
  const gone = AbortSignal.abort();
  expect(await codeOf(cluster, leader.changes.add(["http://learner:1"], true, gone))).toContain("AbortError");
  await cluster.clock.advance(5000);
  expect(leader.machine.membership.list()).toHaveLength(1);
});

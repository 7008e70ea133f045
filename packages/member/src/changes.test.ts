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

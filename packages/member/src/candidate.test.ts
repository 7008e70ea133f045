import { MemoryDisk } from "@quorate/base/testing";
import { type Message, MessageType } from "@quorate/raft";
import { expect, test } from "vitest";
import { Node, TestCluster } from "./testing/cluster.ts";

test("a candidate asks for votes when its term and its own vote are durable, not before", async () => {
  const cluster = new TestCluster({ overrides: { preVote: false } });
  const names = ["m1", "m2", "m3"];
  let held = "";
  let release: (() => void)[] = [];
  for (const name of names) {
    const syncDelay = (): Promise<void> =>
      held === name ? new Promise((resolve) => release.push(resolve)) : Promise.resolve();
    cluster.nodes.set(name, new Node(name, new MemoryDisk({ syncDelay })));
  }
  for (const name of names) await cluster.boot(name, "new", names);
  await cluster.clock.until(() => cluster.up().every((member) => member.duties.isPublished));
  const leader = cluster.nameOf(cluster.leader() as NonNullable<ReturnType<TestCluster["leader"]>>);
  const [candidate, witness] = names.filter((name) => name !== leader) as [string, string];

  const asked: number[] = [];
  const listener = cluster.node(witness).running;
  const step = listener.step.bind(listener);
  listener.step = (message: Message) => {
    if (message.type === MessageType.vote) asked.push(message.term);
    step(message);
  };
  // It hears nothing of the leader any more, so it stands for election; its disk takes its time.
  cluster.cut(leader, candidate);
  held = candidate;
  const { term } = cluster.node(candidate).running;
  await cluster.clock.until(() => cluster.node(candidate).running.term > term);
  await cluster.clock.advance(200);
  expect(asked).toEqual([]);
  held = "";
  for (const resolve of release) resolve();
  release = [];
  await cluster.clock.until(() => asked.length > 0);
  expect(asked[0]).toBe(term + 1);
});

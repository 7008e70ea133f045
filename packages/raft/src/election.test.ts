import { describe, expect, test } from "vitest";
import { MessageType, newMessage } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { member } from "./testing/node.ts";

describe("leader election (§3.4)", () => {
  test("a group without a leader elects one after the election timeout", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.tick(9);
    expect(cluster.leaders()).toEqual([]);
    cluster.tick(31);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader] = cluster.leaders();
    for (const { raw } of cluster.nodes.values()) expect(raw.lead).toBe(member(leader as number));
  });

  test("a single voter elects itself once its vote is durable", () => {
    const cluster = new Cluster([1]);
    const { raw } = cluster.node(1);
    raw.campaign();
    cluster.node(1).drain();
    expect(raw.role).toBe("preCandidate");
    cluster.settle();
    expect(raw.role).toBe("leader");
    expect(raw.term).toBe(2);
  });

  test("a member votes for one candidate in a term, and again for the same", () => {
    const cluster = new Cluster([1, 2, 3], { preVote: false });
    const { raw } = cluster.node(1);
    const ask = (from: number): void => {
      const request = newMessage(MessageType.vote, member(1), member(from), 5);
      request.index = 1;
      request.logTerm = 1;
      raw.step(request);
      cluster.node(1).work();
    };
    ask(2);
    ask(3);
    ask(2);
    const answers = cluster.sentOf(MessageType.voteResp);
    expect(answers.map(({ to, reject }) => [Number(to), reject])).toEqual([
      [2, false],
      [3, true],
      [2, false],
    ]);
  });

  test("a vote survives a crash once it was sent, and never leaves before it is durable", () => {
    const cluster = new Cluster([1, 2, 3], { preVote: false });
    const node = cluster.node(1);
    const request = newMessage(MessageType.vote, member(1), member(2), 5);
    request.index = 1;
    request.logTerm = 1;
    node.raw.step(request);
    node.drain();
    expect(cluster.sentOf(MessageType.voteResp)).toEqual([]);
    node.work();
    expect(cluster.sentOf(MessageType.voteResp)).toHaveLength(1);
    node.restart();
    expect(node.raw.status()).toMatchObject({ term: 5, vote: member(2) });
  });
});

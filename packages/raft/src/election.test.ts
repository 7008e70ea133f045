import { describe, expect, test } from "vitest";
import { EntryType, MessageType, newEntry, newMessage } from "./index.ts";
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

describe("pre-vote (§9.6)", () => {
  test("a member that was cut off for long comes back without disturbing anybody (M37)", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    cluster.partition([1, 2]);
    cluster.tick(500);
    expect(cluster.node(3).raw.term).toBe(2);
    cluster.heal();
    cluster.tick(30);
    expect(cluster.leaders()).toEqual([1]);
    for (const { raw } of cluster.nodes.values()) expect(raw.term).toBe(2);
  });

  test("without it the same member raises the term", () => {
    const cluster = new Cluster([1, 2, 3], { preVote: false });
    cluster.elect(1);
    cluster.partition([1, 2]);
    cluster.tick(100);
    expect(cluster.node(3).raw.term).toBeGreaterThan(2);
  });

  test("a pre-vote changes neither term nor vote of who grants it", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.node(1).raw.campaign();
    cluster.node(1).work();
    while (cluster.deliverOne()) continue;
    expect(cluster.node(2).raw.status()).toMatchObject({ term: 1, vote: 0n });
  });

  test("a candidate of an older term learns the new one from the refusal", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    const request = newMessage(MessageType.preVote, member(1), member(3), 1);
    cluster.forget();
    cluster.node(1).raw.step(request);
    cluster.node(1).work();
    expect(cluster.sentOf(MessageType.preVoteResp)).toMatchObject([{ reject: true, term: 2 }]);
  });
});

describe("who may lead (§3.6.1)", () => {
  test("a candidate that is refused learns what is committed of its log, if it holds the same entries", () => {
    const cluster = new Cluster([1, 2, 3], { preVote: false });
    const { raw } = cluster.node(1);
    const append = newMessage(MessageType.app, member(1), member(2), 5);
    append.index = 1;
    append.logTerm = 1;
    append.commit = 1;
    append.entries = [2, 3, 4].map((index) => newEntry(EntryType.normal, 5, index, new Uint8Array(0)));
    raw.step(append);
    cluster.node(1).work();
    raw.campaign();
    const refuse = (from: number, commit: number, logTerm: number): number => {
      const refusal = newMessage(MessageType.voteResp, member(1), member(from), raw.term);
      Object.assign(refusal, { reject: true, commit, logTerm });
      raw.step(refusal);
      return raw.commit;
    };
    expect(raw.role).toBe("candidate");
    expect(refuse(2, 3, 4)).toBe(1);
    expect(refuse(2, 9, 5)).toBe(1);
    expect(refuse(2, 3, 5)).toBe(3);
  });

  test("a refusal tells what is committed as far as the candidate's log reaches, where that is asked for", () => {
    const told = [true, false].map((tellsCommitToCandidates) => {
      const cluster = new Cluster([1, 2, 3], { preVote: false, tellsCommitToCandidates });
      const { raw } = cluster.node(1);
      const append = newMessage(MessageType.app, member(1), member(2), 5);
      append.index = 1;
      append.logTerm = 1;
      append.commit = 4;
      append.entries = [2, 3, 4].map((index) => newEntry(EntryType.normal, 5, index, new Uint8Array(0)));
      raw.step(append);
      cluster.node(1).work();
      raw.forgetLeader();
      const request = newMessage(MessageType.vote, member(1), member(3), 6);
      request.index = 3;
      request.logTerm = 5;
      raw.step(request);
      cluster.node(1).work();
      return cluster.sentOf(MessageType.voteResp).map(({ reject, commit, logTerm }) => ({ reject, commit, logTerm }));
    });
    expect(told).toEqual([[{ reject: true, commit: 3, logTerm: 5 }], [{ reject: true, commit: 0, logTerm: 0 }]]);
  });

  test("a candidate that is told of a committed change of members which it has not applied gives up (M04)", () => {
    for (const preVote of [true, false]) {
      const cluster = new Cluster([1, 2, 3], { preVote, tellsCommitToCandidates: true });
      const node = cluster.node(3);
      const { raw } = node;
      const append = newMessage(MessageType.app, member(3), member(1), 5);
      append.index = 1;
      append.logTerm = 1;
      append.commit = 1;
      append.entries = [newEntry(EntryType.confChange, 5, 2, new Uint8Array(0))];
      raw.step(append);
      node.work();
      raw.forgetLeader();
      raw.campaign();
      node.work();
      const answer = (from: number, reject: boolean): void => {
        const type = preVote ? MessageType.preVoteResp : MessageType.voteResp;
        const term = preVote && !reject ? raw.term + 1 : raw.term;
        const message = newMessage(type, member(3), member(from), term);
        message.reject = reject;
        if (reject) Object.assign(message, { commit: 2, logTerm: 5 });
        raw.step(message);
      };
      expect(raw.role).toBe(preVote ? "preCandidate" : "candidate");
      answer(1, true);
      expect([raw.role, raw.commit]).toEqual(["follower", 2]);
      answer(2, false);
      expect(raw.role).toBe("follower");
    }
  });

  test("a member whose log is behind gets no vote", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    cluster.partition([1, 2]);
    cluster.propose(1, "a");
    cluster.settle();
    cluster.partition([2, 3]);
    for (const id of [2, 3]) cluster.node(id).raw.forgetLeader();
    cluster.node(3).raw.campaign();
    cluster.settle();
    expect(cluster.sentOf(MessageType.preVoteResp).at(-1)).toMatchObject({ from: member(2), reject: true });
    expect(cluster.node(3).raw.role).toBe("preCandidate");
    cluster.node(2).raw.campaign();
    cluster.settle();
    expect(cluster.node(2).raw.role).toBe("leader");
  });

  test("a learner does not campaign, but votes for one who knows it as a voter (M16)", () => {
    const cluster = new Cluster([1, 2], {}, [3]);
    const { raw } = cluster.node(3);
    raw.campaign();
    expect(raw.role).toBe("follower");
    const request = newMessage(MessageType.vote, member(3), member(1), 5);
    request.index = 1;
    request.logTerm = 1;
    raw.step(request);
    cluster.node(3).work();
    expect(cluster.sentOf(MessageType.voteResp)).toMatchObject([{ from: member(3), reject: false }]);
  });
});

describe("the leader's lease (§6.2, §4.2.3)", () => {
  test("a leader that hears no quorum steps down (M36)", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    cluster.passes = ({ to }) => to !== member(1);
    cluster.tick(21, [1]);
    expect(cluster.node(1).raw.role).toBe("follower");
  });

  test("vote requests are ignored while a leader is heard", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    const request = newMessage(MessageType.vote, member(2), member(3), 9);
    request.index = 100;
    request.logTerm = 8;
    cluster.node(2).raw.step(request);
    expect(cluster.node(2).raw.term).toBe(2);
    cluster.tick(10, [2]);
    cluster.node(2).raw.step(request);
    expect(cluster.node(2).raw.term).toBe(9);
  });

  test("a removed member cannot depose the leader (M13)", () => {
    const cluster = new Cluster([1, 2, 3, 4], { preVote: false });
    cluster.elect(1);
    cluster.partition([1, 2, 3]);
    cluster.node(1).raw.proposeConfChange({ id: 1n, type: 1, nodeId: member(4), context: new Uint8Array(0) });
    cluster.settle();
    cluster.heal();
    cluster.tick(100);
    expect(cluster.leaders()).toEqual([1]);
    expect(cluster.node(1).raw.term).toBe(2);
  });

  test("an old leader that comes back learns the new term from its followers", () => {
    const cluster = new Cluster([1, 2, 3], { checkQuorum: false });
    cluster.elect(1);
    cluster.partition([2, 3]);
    cluster.elect(2);
    cluster.heal();
    expect(cluster.leaders()).toEqual([1, 2]);
    cluster.tick(1, [1]);
    expect(cluster.leaders()).toEqual([2]);
  });
});

describe("messages nobody may send", () => {
  test("are ignored: local types, unknown types, term 0, answers of strangers", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    const { raw } = cluster.node(1);
    const before = raw.status();
    const strange = newMessage(MessageType.appResp, member(1), member(99), 50);
    raw.step(strange);
    for (const type of Object.values(MessageType)) {
      if (type === MessageType.prop || type === MessageType.readIndex || type === MessageType.transferLeader) continue;
      raw.step(newMessage(type, member(1), member(2), 0));
    }
    raw.step({ ...newMessage(MessageType.app, member(1), member(2), 50), type: 77 as MessageType });
    for (const type of [MessageType.hup, MessageType.checkQuorum, MessageType.unreachable, MessageType.forgetLeader]) {
      raw.step(newMessage(type, member(1), member(2), 50));
    }
    expect(raw.status()).toEqual(before);
    expect(raw.hasReady()).toBe(false);
  });
});

import { emptyBytes, utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { EntryType, type Message, MessageType, newEntry, newMessage } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { bootstrapDisk, confOf, member } from "./testing/node.ts";

/** Three members, 1 leads in term 2, everything is applied, nothing is on its way. */
function led(options = {}): Cluster {
  const cluster = new Cluster([1, 2, 3], options);
  cluster.elect(1);
  cluster.forget();
  return cluster;
}

const targets = (messages: readonly Message[]): number[] => messages.map(({ to }) => Number(to));

describe("log replication (§3.5)", () => {
  test("a batch of proposals becomes one append to each follower, and all apply it in order", () => {
    const cluster = led();
    cluster.propose(1, "a", "b", "c");
    cluster.node(1).drain();
    const appends = cluster.sentOf(MessageType.app);
    expect(targets(appends)).toEqual([2, 3]);
    expect(appends[0]?.entries.map(({ data }) => utf8Decode(data))).toEqual(["a", "b", "c"]);
    // Both share the entries, so that they are encoded once.
    expect(appends[0]?.entries).toBe(appends[1]?.entries);
    cluster.settle();
    for (const applied of cluster.applied.values()) expect(applied).toEqual(["a", "b", "c"]);
  });

  test("appends leave before the leader's own disk is done; acknowledgements only after the follower's", () => {
    const cluster = led();
    cluster.propose(1, "a");
    cluster.node(1).drain();
    expect(cluster.node(1).appends).toHaveLength(1);
    expect(cluster.sentOf(MessageType.app)).toHaveLength(2);
    cluster.deliverOne();
    expect(cluster.sentOf(MessageType.appResp)).toEqual([]);
    cluster.node(2).finishAppend();
    expect(cluster.sentOf(MessageType.appResp)).toHaveLength(1);
  });

  test("an entry is committed once a majority has it, also without the leader's disk (§10.2.1)", () => {
    const cluster = led();
    const { raw } = cluster.node(1);
    const before = raw.commit;
    cluster.propose(1, "a");
    cluster.node(1).drain();
    for (const id of [2, 3]) {
      while (cluster.network[0]?.to === member(id)) cluster.deliverOne();
      cluster.node(id).finishAppend();
    }
    while (cluster.deliverOne()) continue;
    expect(raw.commit).toBe(before + 1);
    // It is not applied here before it is durable here.
    expect(cluster.node(1).applies).toEqual([]);
    cluster.settle();
    expect(cluster.applied.get(member(1))).toEqual(["a"]);
  });

  test("nothing is committed without a majority", () => {
    const cluster = led();
    const before = cluster.node(1).raw.commit;
    cluster.partition([1], [2, 3]);
    cluster.propose(1, "a");
    cluster.settle();
    expect(cluster.node(1).raw.commit).toBe(before);
  });

  test("entries of earlier terms commit only with one of the leader's own term (§3.6.2)", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.elect(1);
    cluster.partition([1], [2, 3]);
    cluster.propose(1, "lost");
    cluster.settle();
    const kept = cluster.node(1).raw.lastIndex;
    cluster.heal();
    cluster.tick(3);
    expect(cluster.node(2).raw.commit).toBeGreaterThanOrEqual(kept);
    expect(cluster.applied.get(member(3))).toEqual(["lost"]);
  });

  test("a follower with a long tail of lost leaders is repaired with few probes", () => {
    const cluster = led();
    cluster.partition([1], [2, 3]);
    for (let i = 0; i < 40; i++) cluster.propose(1, `lost ${i}`);
    cluster.settle();
    cluster.partition([2, 3]);
    cluster.tick(40, [2, 3]);
    const [leader] = cluster.leaders().filter((id) => id !== 1);
    for (let i = 0; i < 40; i++) cluster.propose(leader as number, `kept ${i}`);
    cluster.settle();
    cluster.heal();
    cluster.forget();
    cluster.tick(3);
    expect(cluster.applied.get(member(1))).toEqual(cluster.applied.get(member(leader as number)));
    expect(cluster.sentOf(MessageType.appResp).filter(({ reject }) => reject).length).toBeLessThanOrEqual(2);
  });

  test("appends are cut at the size limit and stream within the inflight limit", () => {
    const cluster = led({ sizePerMessageMax: 100, inflightMessagesMax: 2 });
    cluster.propose(1, ..."abcdefgh".split("").map((letter) => letter.repeat(60)));
    cluster.node(1).drain();
    const toTwo = cluster.sentOf(MessageType.app).filter(({ to }) => to === member(2));
    expect(toTwo.map(({ entries }) => entries.length)).toEqual([1]);
    cluster.settle();
    expect(cluster.applied.get(member(2))).toHaveLength(8);
    const most = cluster.sentOf(MessageType.app).map(({ entries }) => entries.length);
    expect(Math.max(...most)).toBe(1);
  });

  test("lost appends are sent again after a heartbeat", () => {
    const cluster = led({ inflightMessagesMax: 2 });
    cluster.passes = ({ to, type }) => !(to === member(3) && type === MessageType.app);
    for (let i = 0; i < 5; i++) {
      cluster.propose(1, `${i}`);
      cluster.settle();
    }
    expect(cluster.applied.get(member(3))).toEqual([]);
    cluster.heal();
    cluster.tick(2);
    expect(cluster.applied.get(member(3))).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("a stale append below commit is answered with the commit index", () => {
    const cluster = led();
    cluster.propose(1, "a");
    cluster.settle();
    cluster.forget();
    const old = newMessage(MessageType.app, member(2), member(1), 2);
    old.index = 1;
    old.logTerm = 1;
    cluster.node(2).raw.step(old);
    cluster.node(2).work();
    expect(cluster.sentOf(MessageType.appResp)).toMatchObject([{ index: 3, reject: false }]);
  });

  test("an append with a hole is ignored", () => {
    const cluster = led();
    cluster.propose(1, "a");
    cluster.node(1).drain();
    const [append] = cluster.sentOf(MessageType.app);
    const { raw } = cluster.node(2);
    const last = raw.lastIndex;
    raw.step({ ...(append as Message), index: last - 1, logTerm: 1 });
    expect(raw.lastIndex).toBe(last);
  });
});

describe("durability across terms", () => {
  test("a batch of an old term vouches for nothing, even if the same entry stands there again", () => {
    const cluster = new Cluster([1, 2, 3]);
    const node = cluster.node(2);
    const append = (from: number, term: number, terms: readonly number[], commit: number): void => {
      const message = newMessage(MessageType.app, member(2), member(from), term);
      message.index = 1;
      message.logTerm = 1;
      message.entries = terms.map((at, i) => newEntry(EntryType.normal, at, 2 + i, emptyBytes));
      message.commit = commit;
      node.raw.step(message);
      node.drain();
    };
    append(1, 2, [2], 1);
    append(3, 3, [3], 1);
    append(1, 4, [2, 4], 3);
    // On disk stands the first batch; the second will overwrite it before the third writes it again.
    node.finishAppend();
    expect(node.applies).toEqual([]);
    node.finishAppend();
    expect(node.applies).toEqual([]);
    node.work();
    expect(node.raw.applied).toBe(3);
  });
});

describe("proposals", () => {
  test("a follower passes them on with term 0 and in one message", () => {
    const cluster = led();
    expect(cluster.propose(2, "a", "b")).toMatchObject({ kind: "accepted", forwarded: true });
    cluster.node(2).drain();
    expect(cluster.sentOf(MessageType.prop)).toMatchObject([{ to: member(1), from: member(2), term: 0 }]);
    cluster.settle();
    expect(cluster.applied.get(member(3))).toEqual(["a", "b"]);
  });

  test("are dropped without a leader, or when forwarding is off", () => {
    const alone = new Cluster([1, 2, 3]);
    expect(alone.propose(1, "a")).toEqual({ kind: "dropped", reason: "noLeader" });
    const cluster = led({ disableProposalForwarding: true });
    expect(cluster.propose(2, "a")).toEqual({ kind: "dropped", reason: "notForwarded" });
  });

  test("are dropped while too many bytes wait for commit, but one of any size passes when none wait", () => {
    const cluster = led({ uncommittedBytesMax: 100 });
    cluster.partition();
    expect(cluster.propose(1, "x".repeat(500))).toMatchObject({ kind: "accepted" });
    expect(cluster.propose(1, "y")).toEqual({ kind: "dropped", reason: "tooManyUncommittedBytes" });
    expect(cluster.propose(1, "")).toMatchObject({ kind: "accepted" });
    cluster.heal();
    cluster.tick(3);
    expect(cluster.propose(1, "y")).toMatchObject({ kind: "accepted" });
  });
});

describe("snapshots (§5)", () => {
  test("a follower that lags behind the compacted log gets a snapshot, then entries", () => {
    const cluster = led();
    cluster.partition([1, 2]);
    for (let i = 0; i < 5; i++) cluster.propose(1, `${i}`);
    cluster.settle();
    cluster.node(1).compact();
    cluster.heal();
    cluster.tick(2);
    expect(cluster.sentOf(MessageType.snap)).toHaveLength(1);
    expect(cluster.node(1).raw.status().progress[2]?.state).toBe("replicate");
    cluster.propose(1, "after");
    cluster.settle();
    expect(cluster.applied.get(member(3))).toEqual(["after"]);
    expect(cluster.node(3).raw.applied).toBe(cluster.node(1).raw.applied);
  });

  test("after a failed snapshot another is sent when the next heartbeat was answered", () => {
    const cluster = led();
    cluster.partition([1, 2]);
    cluster.propose(1, "a");
    cluster.settle();
    cluster.node(1).compact();
    cluster.passes = ({ type }) => type !== MessageType.snap;
    cluster.tick(2);
    expect(cluster.sentOf(MessageType.snap)).toHaveLength(1);
    cluster.tick(3);
    expect(cluster.sentOf(MessageType.snap)).toHaveLength(1);
    cluster.node(1).raw.reportSnapshot(member(3), false);
    cluster.heal();
    cluster.tick(2);
    expect(cluster.sentOf(MessageType.snap)).toHaveLength(2);
    expect(cluster.node(3).raw.applied).toBe(cluster.node(1).raw.applied);
  });

  test("a silent member is sent none", () => {
    const cluster = led({ checkQuorum: true });
    cluster.partition([1, 2]);
    cluster.propose(1, "a");
    cluster.tick(25);
    cluster.node(1).compact();
    cluster.forget();
    cluster.tick(5);
    expect(cluster.sentOf(MessageType.snap)).toEqual([]);
  });

  test("one that does not name the receiver is ignored (M35), and so is an old one", () => {
    const cluster = led();
    const { raw } = cluster.node(2);
    const offer = (confState = confOf([1, 2, 3]), index = 50): void => {
      const message = newMessage(MessageType.snap, member(2), member(1), 2);
      message.snapshot = { data: emptyBytes, metadata: { confState, index, term: 2 } };
      raw.step(message);
    };
    offer(confOf([1, 3]));
    offer(confOf([1, 2, 3]), raw.commit);
    expect(raw.status()).toMatchObject({ lastIndex: 2, config: confOf([1, 2, 3]) });
    offer(confOf([1, 3], [2]));
    expect(raw.status()).toMatchObject({ lastIndex: 50, commit: 50, config: confOf([1, 3], [2]) });
  });

  test("two in a short time leave the later one (M33)", () => {
    const cluster = new Cluster([1, 2, 3]);
    const node = cluster.node(2);
    for (const index of [50, 60]) {
      const message = newMessage(MessageType.snap, member(2), member(1), 2);
      message.snapshot = { data: emptyBytes, metadata: { confState: confOf([1, 2, 3]), index, term: 2 } };
      node.raw.step(message);
      node.drain();
    }
    node.work();
    expect(node.raw.status()).toMatchObject({ applied: 60, commit: 60, lastIndex: 60 });
  });

  test("a member does not campaign while one is being installed", () => {
    const cluster = new Cluster([1, 2, 3]);
    const node = cluster.node(2);
    const message = newMessage(MessageType.snap, member(2), member(1), 2);
    message.snapshot = { data: emptyBytes, metadata: { confState: confOf([1, 2, 3]), index: 50, term: 2 } };
    node.raw.step(message);
    node.raw.campaign();
    expect(node.raw.role).toBe("follower");
    node.work();
    node.raw.campaign();
    expect(node.raw.role).toBe("preCandidate");
  });
});

describe("a follower that lost its log (M27)", () => {
  test("does not advance past its log, says where it ends, and is fed again", () => {
    const cluster = led();
    cluster.propose(1, "a", "b");
    cluster.settle();
    const node = cluster.node(3);
    node.disk.entries = [];
    node.disk.hardState = { ...node.disk.hardState, commit: 1 };
    node.restart();
    cluster.forget();
    cluster.tick(1);
    expect(cluster.sentOf(MessageType.appResp).find(({ from }) => from === member(3))).toMatchObject({
      reject: true,
      rejectHint: 1,
      commit: 4,
    });
    cluster.tick(3);
    expect(node.raw.status()).toMatchObject({ commit: 4, applied: 4 });
    const progress = cluster.node(1).raw.status().progress[2];
    expect(progress).toMatchObject({ match: 4, state: "replicate", regressions: 1 });
  });

  test("is not asked again and again for what it acknowledged and lost before it was committed", () => {
    const cluster = led();
    const leader = cluster.node(1);
    cluster.propose(1, "a");
    leader.drain();
    while (cluster.deliverOne()) cluster.node(3).work();
    const { commit, lastIndex } = leader.raw.status();
    // Neither the leader's disk nor the other member has it.
    expect(commit).toBeLessThan(lastIndex);
    const node = cluster.node(3);
    node.disk.entries.pop();
    node.restart();
    leader.raw.reportUnreachable(member(3));
    expect(leader.raw.status().progress[2]).toMatchObject({ match: lastIndex, state: "probe" });
    cluster.forget();
    leader.raw.tick();
    for (let i = 0; i < 20; i++) {
      leader.drain();
      while (cluster.network.length > 0 && cluster.sent.length < 50) {
        cluster.deliverOne();
        node.work();
      }
    }
    const probes = cluster.sentOf(MessageType.app).filter(({ to }) => to === member(3));
    expect(probes.length).toBeLessThan(3);
    cluster.settle();
    cluster.tick(2);
    expect(node.raw.status()).toMatchObject({ commit: lastIndex, applied: lastIndex });
    expect(leader.raw.status().progress[2]).toMatchObject({ match: lastIndex, state: "replicate", regressions: 1 });
  });

  test("gets a snapshot when the entries are gone", () => {
    const cluster = led();
    cluster.propose(1, "a", "b");
    cluster.settle();
    cluster.node(1).compact();
    const node = cluster.node(3);
    Object.assign(node.disk, bootstrapDisk(confOf([1, 2, 3])), { hardState: { term: 2, vote: member(1), commit: 1 } });
    node.restart();
    cluster.tick(3);
    expect(node.raw.status()).toMatchObject({ commit: 4, applied: 4 });
  });

  test("does not echo that heartbeat, so it confirms no read", () => {
    const { raw } = new Cluster([1, 2, 3]).node(2);
    const heartbeat = newMessage(MessageType.heartbeat, member(2), member(1), 2);
    heartbeat.commit = 1_000_000;
    raw.step(heartbeat);
    expect(raw.ready().messages).toEqual([]);
    expect(raw.commit).toBe(1);
  });

  test("an acknowledgement past the leader's log is ignored", () => {
    const cluster = led();
    const forged = newMessage(MessageType.appResp, member(1), member(2), 2);
    forged.index = Number.MAX_SAFE_INTEGER;
    cluster.node(1).raw.step(forged);
    cluster.propose(1, "a");
    cluster.settle();
    expect(cluster.applied.get(member(2))).toEqual(["a"]);
  });
});

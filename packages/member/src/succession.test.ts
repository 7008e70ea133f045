import { noMember, silentLogger, toMemberId } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import { Succession, type SuccessionHost } from "./succession.ts";
import { TestCluster } from "./testing/cluster.ts";

const self = toMemberId(1n);
const leader = toMemberId(2n);
const other = toMemberId(3n);

/** A follower of `leader`, and what it did. */
function follower(options: Partial<SuccessionHost> = {}, voters = [self, leader, other]) {
  const clock = new VirtualClock();
  const did: string[] = [];
  const node = {
    lead: leader,
    term: 2,
    role: "follower",
    forgetLeader: (): void => {
      did.push("forget");
      node.lead = noMember;
    },
    campaign: (): void => void did.push("campaign"),
    status: () => ({ config: { voters, votersOutgoing: [] } }),
  };
  const host = {
    ...{ clock, logger: silentLogger, node, localId: self },
    ...{ heartbeatMs: 100, preVote: true, schedule: () => undefined },
    ...options,
  } as unknown as SuccessionHost;
  return { clock, did, node, succession: new Succession(host) };
}

describe("a follower whose leader is gone", () => {
  test("forgets it and asks for votes as soon as the others have noticed, where its id is the lowest", async () => {
    const { clock, did, succession } = follower();
    succession.onGone(leader);
    expect(did).toEqual(["forget"]);
    await clock.advance(9);
    expect(did).toEqual(["forget"]);
    await clock.advance(2);
    expect(did).toEqual(["forget", "campaign"]);
  });

  test("waits a heartbeat for each voter with a lower id, the leader left out", async () => {
    const { clock, did, succession } = follower({ localId: other });
    succession.onGone(leader);
    await clock.advance(109);
    expect(did).toEqual(["forget"]);
    await clock.advance(2);
    expect(did).toEqual(["forget", "campaign"]);
  });

  test("only forgets it where it has no vote itself", async () => {
    const { clock, did, succession } = follower({}, [leader, other]);
    succession.onGone(leader);
    await clock.advance(1_000);
    expect(did).toEqual(["forget"]);
  });

  test("asks for none when it hears a leader meanwhile, or when somebody is being elected", async () => {
    for (const change of [{ lead: leader }, { role: "preCandidate" }, { term: 3 }]) {
      const { clock, did, node, succession } = follower();
      succession.onGone(leader);
      Object.assign(node, change);
      await clock.advance(200);
      expect(did).toEqual(["forget"]);
    }
  });

  test("waits as ever where candidates do not ask first, and when somebody else is gone", async () => {
    for (const [options, id] of [
      [{ preVote: false }, leader],
      [{}, toMemberId(3n)],
    ] as const) {
      const { clock, did, succession } = follower(options);
      succession.onGone(id);
      await clock.advance(200);
      expect(did).toEqual([]);
    }
  });

  test("does nothing after it was stopped", async () => {
    const { clock, did, succession } = follower();
    succession.onGone(leader);
    succession.stop();
    await clock.advance(200);
    expect(did).toEqual(["forget"]);
  });
});

describe("of three members", () => {
  test("the two that are left elect one of them within three heartbeats of their leader's end", async () => {
    const cluster = await TestCluster.start(3);
    const old = cluster.leader();
    const oldTerm = old?.term ?? 0;
    cluster.kill(cluster.nameOf(old as never));
    await cluster.clock.advance(5);
    const diedMs = cluster.clock.nowMs();
    for (const member of cluster.up()) member.reportGone((old as NonNullable<typeof old>).id);
    await cluster.clock.until(() => cluster.up().some(({ isLeader }) => isLeader));
    expect(cluster.clock.nowMs() - diedMs).toBeLessThan(300);
    expect(cluster.leader()?.term).toBe(oldTerm + 1);
  });

  test("one that alone finds its leader gone neither deposes it nor begins a term", async () => {
    const cluster = await TestCluster.start(3);
    const leading = cluster.leader() as NonNullable<ReturnType<TestCluster["leader"]>>;
    const { term } = leading;
    const [mistaken] = cluster.up().filter((member) => member !== leading);
    for (let i = 0; i < 20; i++) {
      mistaken?.reportGone(leading.id);
      await cluster.clock.advance(100);
    }
    expect(cluster.leader()).toBe(leading);
    for (const member of cluster.up()) expect(member).toMatchObject({ term, lead: leading.id });
  });
});

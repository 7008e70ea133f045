import { KvError } from "@quorate/api";
import type { MemberId } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import type { Membership, MemberRecord } from "@quorate/state";
import { describe, expect, test } from "vitest";
import { Leadership, type LeadershipHost } from "./leadership.ts";

const local = 1n as MemberId;
const other = 2n as MemberId;

/** A leader of two members, whose transfers nobody takes, and what it logged. */
function leader(members: readonly MemberId[] = [local, other]) {
  const clock = new VirtualClock();
  const messages: string[] = [];
  const transfers: MemberId[] = [];
  const world = { otherActiveSinceMs: 1, lead: local };
  const records = members.map(
    (id): MemberRecord => ({ id, name: `${id}`, peerUrls: [], clientUrls: [], isLearner: false }),
  );
  const host = {
    clock,
    logger: { log: (_level: string, message: string) => messages.push(message) },
    node: { transferLeader: (target: MemberId) => transfers.push(target) },
    link: { activeSince: () => world.otherActiveSinceMs },
    localId: local,
    electionMs: 1_000,
    membership: () =>
      ({
        list: () => records,
        get: (id: MemberId) => records.find((record) => record.id === id),
      }) as unknown as Membership,
    lead: () => world.lead,
    schedule: () => undefined,
  } as unknown as LeadershipHost;
  return { clock, messages, transfers, world, leadership: new Leadership(host) };
}

/** How long a hand-over takes, in virtual milliseconds. */
async function duration(clock: VirtualClock, handOver: Promise<void>): Promise<number> {
  let done = false;
  const onEnd = (): void => {
    done = true;
  };
  handOver.then(onEnd, onEnd);
  await clock.until(() => done, 10_000);
  return clock.nowMs();
}

describe("a leader that stops", () => {
  test("waits until its successor leads", async () => {
    const { clock, messages, transfers, leadership } = leader();
    const handOver = leadership.handOver();
    await clock.advance(200);
    leadership.onLeadChanged(other);
    expect(await duration(clock, handOver)).toBeLessThan(300);
    expect(transfers).toEqual([other]);
    expect(messages).toContain("leadership transfer finished");
  });

  test("gives up when raft has, after an election timeout", async () => {
    const { clock, messages, leadership } = leader();
    expect(await duration(clock, leadership.handOver())).toBeLessThanOrEqual(1_600);
    expect(messages).toContain("leadership transfer failed");
  });

  test("gives up at once when its successor is gone, as when all members are stopped together", async () => {
    const { clock, messages, world, leadership } = leader();
    const handOver = leadership.handOver();
    await clock.advance(100);
    world.otherActiveSinceMs = 0;
    expect(await duration(clock, handOver)).toBeLessThan(200);
    expect(messages).toContain("leadership transfer failed");
  });

  test("hands nothing over when it was removed or is alone", async () => {
    for (const members of [[other], [local]]) {
      const { clock, transfers, leadership } = leader(members);
      expect(await duration(clock, leadership.handOver())).toBeLessThan(50);
      expect(transfers).toEqual([]);
    }
  });
});

describe("a member that stops", () => {
  test("fails the transfers that were asked for, without a deadline too, and those asked for later", async () => {
    const { clock, leadership } = leader();
    const moving = leadership.moveTo(other);
    const outcome = expect(moving).rejects.toMatchObject({ code: "stopped" });
    await clock.advance(10_000);
    leadership.stop(new KvError("stopped"));
    await outcome;
    await expect(leadership.moveTo(other)).rejects.toMatchObject({ code: "stopped" });
  });

  test("ends its hand-over in peace", async () => {
    const { clock, messages, leadership } = leader();
    const handOver = leadership.handOver();
    await clock.advance(100);
    leadership.stop(new KvError("stopped"));
    expect(await duration(clock, handOver)).toBeLessThan(200);
    expect(messages).toContain("leadership transfer failed");
  });
});

describe("a leader whose log waits for its disk", () => {
  /** Leads voters 1 to 3 and learner 4, which have these matches. */
  function held(matches: readonly number[], active: readonly bigint[] = [2n, 3n, 4n]) {
    const transfers: MemberId[] = [];
    const clock = new VirtualClock();
    const status = {
      leadTransferee: 0n,
      config: { voters: [1n, 2n, 3n] },
      progress: matches.map((match, i) => ({ id: BigInt(i + 1), match })),
    };
    const host = {
      clock,
      logger: { log: () => undefined },
      node: { status: () => status, transferLeader: (target: MemberId) => transfers.push(target) },
      link: { activeSince: (id: MemberId) => (active.includes(id) ? 1 : 0) },
      localId: local,
      electionMs: 1_000,
      lead: () => local,
      schedule: () => undefined,
    } as unknown as LeadershipHost;
    return { clock, transfers, leadership: new Leadership(host) };
  }

  test("lets the voter lead that has most of what it lacks, once in an election timeout (D23)", async () => {
    const { clock, transfers, leadership } = held([5, 7, 9, 11]);
    leadership.onTick(1_000);
    expect(transfers).toEqual([]);
    leadership.onTick(1_001);
    leadership.onTick(1_100);
    expect(transfers).toEqual([3n]);
    await clock.advance(1_000);
    leadership.onTick(2_100);
    expect(transfers).toEqual([3n, 3n]);
  });

  test("leads on where no voter that is connected has more", () => {
    for (const { matches, active } of [
      { matches: [5, 5, 5, 11], active: [2n, 3n, 4n] },
      { matches: [5, 4, 9, 5], active: [2n, 4n] },
    ]) {
      const { transfers, leadership } = held(matches, active);
      leadership.onTick(60_000);
      expect(transfers).toEqual([]);
    }
  });
});

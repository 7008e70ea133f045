/** Disks that fail or are slow: D18, D20, D23, D24. */
import { busy } from "./load.ts";
import type { Scenario } from "./stage.ts";

const fullDisk: Scenario = {
  id: "D18",
  title: "a member whose disk is full stops at once, the others go on, and it comes back when there is room",
  members: 3,
  plan: { walSegmentBytes: 4096 },
  play: async (stage) => {
    const [leader, victim] = await stage.ready();
    const node = stage.node(victim);
    node.disk.troubles.room = 6_000;
    for (let i = 0; i < 60 && node.isUp; i++) await stage.mustPut(`k${i}`, "x".repeat(500));
    stage.expect(!node.isUp, "D18", "a member with a full disk goes on");
    await stage.mustPut("a", "1");
    node.disk.troubles.room = Number.POSITIVE_INFINITY;
    await stage.bootUp(victim);
    await stage.mustPut("b", "2");
    await stage.converged();
  },
};

const failingSync: Scenario = {
  id: "D20",
  title: "a sync that fails ends the member with nothing of that batch acknowledged, and a restart recovers",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (let n = 0; n < 15; n++) {
      const victim = stage.others()[n % 3] as string;
      stage.node(victim).disk.troubles.syncFailures = 1;
      for (let i = 0; i < 20 && stage.node(victim).isUp; i++) {
        const at = stage.leaderNow();
        if (at !== undefined) stage.put(at, "x", `${n} ${i}`).catch(() => undefined);
        await stage.wait(50);
      }
      stage.expect(stage.node(victim).down === "failed", "D20", `${victim} goes on after a failed sync`);
      await stage.bootUp(victim);
      await stage.mustPut("y", String(n));
    }
    await stage.converged();
  },
};

const slowDisk: Scenario = {
  id: "D23",
  title: "a leader whose syncs take 300 ms stays leader; one whose disk stalls for 30 s is replaced and rejoins",
  members: 3,
  plan: { syncJitterUs: 100 },
  play: async (stage) => {
    const [leader] = await stage.ready();
    const { term } = stage.member(leader);
    stage.node(leader).disk.troubles.slowUs = 300_000;
    for (let i = 0; i < 10; i++) await stage.mustPut(`k${i}`, String(i));
    stage.expect(stage.member(leader).term === term, "D23", "syncs of 300 ms cost an election");
    stage.node(leader).disk.troubles.slowUs = 0;
    stage.node(leader).disk.troubles.stalledUntilUs = stage.world.kernel.nowUs + 30_000_000;
    await stage.wait(32_000);
    await stage.mustPut("after", "1");
    await stage.converged();
  },
};

const slowFollower: Scenario = {
  id: "D24",
  title: "one follower with a slow disk does not slow the others down, and catches up",
  members: 3,
  plan: { syncJitterUs: 100 },
  play: async (stage) => {
    const [leader, slow] = await stage.ready();
    const timed = async (): Promise<number> => {
      const startedUs = stage.world.kernel.nowUs;
      for (let i = 0; i < 30; i++) await stage.put(leader, "k", String(i));
      return stage.world.kernel.nowUs - startedUs;
    };
    const before = await timed();
    stage.node(slow).disk.troubles.slowUs = 200_000;
    const during = await timed();
    // The faster of two followers is waited for, where any of the two was before.
    stage.expect(during <= before * 2 + 20_000, "D24", `30 writes take ${during} µs instead of ${before}`);
    stage.node(slow).disk.troubles.slowUs = 0;
    await stage.converged();
  },
};

export const diskScenarios: readonly Scenario[] = [fullDisk, failingSync, slowDisk, slowFollower];

/** Disks that fail or are slow: D18, D20, D21, D23, D24. */
import { busy } from "./load.ts";
import type { Scenario } from "./stage.ts";

const fullDisk: Scenario = {
  id: "D18",
  title: "a member whose disk is full stops at once, the others go on, and it comes back when there is room",
  members: 3,
  plan: { walSegmentBytes: 4096 },
  play: async (stage) => {
    const [, victim] = await stage.ready();
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
    stage.clients.start(3);
    for (let n = 0; n < 50; n++) {
      const victim = stage.others()[n % 3] as string;
      stage.node(victim).disk.troubles.syncFailures = 1;
      await stage.until(`${victim} to stop after a failed sync`, () => stage.node(victim).down === "failed", 5_000);
      stage.expect(stage.node(victim).disk.troubles.syncFailures === 0, "D20", "it ended for another reason");
      await stage.bootUp(victim);
      await stage.mustPut("y", String(n));
    }
    stage.clients.running = false;
    await stage.wait(10_000);
    await stage.converged();
  },
};

const slowDisk: Scenario = {
  id: "D23",
  title:
    "a leader whose syncs take 300 ms leads on; one whose syncs take 2 s, or whose disk stalls for 30 s, has a successor within three seconds, and catches up",
  members: 3,
  plan: { syncJitterUs: 100 },
  play: async (stage) => {
    let [leader] = await stage.ready();
    const { term } = stage.member(leader);
    stage.node(leader).disk.troubles.slowUs = 300_000;
    for (let i = 0; i < 10; i++) await stage.mustPut(`k${i}`, "1");
    stage.expect(stage.member(leader).term === term, "D23", "syncs of 300 ms cost an election");
    stage.node(leader).disk.troubles.slowUs = 0;
    await stage.wait(3_000);
    for (const how of ["slow", "stalled"] as const) {
      const { troubles } = stage.node(leader).disk;
      const fromUs = stage.world.kernel.nowUs;
      if (how === "slow") troubles.slowUs = 2_000_000;
      else troubles.stalledUntilUs = fromUs + 30_000_000;
      const waiting = stage.attempt(stage.put(leader, how, "1"));
      const former = leader;
      await stage.until("another to lead", () => ![undefined, former].includes(stage.leaderNow()), 3_000);
      leader = (await stage.leader()) ?? former;
      await stage.mustPut("after", how);
      const tookMs = (stage.world.kernel.nowUs - fromUs) / 1000;
      stage.expect(tookMs <= 3_000, "D23", `the first write took ${tookMs} ms`);
      troubles.slowUs = 0;
      await stage.wait(32_000);
      stage.expect(waiting.state !== "open", "D23", "nobody has told what became of the put");
      stage.expect(stage.node(former).log.durable.last === stage.node(former).log.last, "D23", "it has not caught up");
      stage.expect(stage.leaderNow() === leader, "D23", "the one that is well does not lead on");
    }
    await stage.converged();
  },
};

const slowFollower: Scenario = {
  id: "D24",
  title: "one follower with a slow disk makes writes take no fifth longer, and catches up",
  members: 3,
  plan: { syncJitterUs: 0, latencyJitterUs: 0, turnJitterUs: 0 },
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
    stage.expect(during <= before * 1.2, "D24", `30 writes take ${during} µs instead of ${before}`);
    stage.node(slow).disk.troubles.slowUs = 0;
    await stage.converged();
  },
};

const failingRead: Scenario = {
  id: "D21",
  title:
    "a start that cannot read its log, an old segment of it, a snapshot or the database is refused with the file, and changes nothing",
  members: 3,
  plan: { walSegmentBytes: 4096, snapshotCount: 20, catchUpEntries: 5 },
  play: async (stage) => {
    const [, victim] = await stage.ready();
    const node = stage.node(victim);
    for (let i = 0; i < 60; i++) await stage.mustPut(`k${i}`, "x".repeat(200));
    await stage.converged();
    await stage.wait(1_000);
    stage.kill(victim);
    const files = node.disk.names.files().map(({ path }) => path);
    const segments = files.filter((path) => path.endsWith(".wal")).sort();
    const snapshots = files.filter((path) => path.endsWith(".snap")).sort();
    stage.expect(segments.length > 2 && snapshots.length > 0, "script", files.join(" "));
    const content = (): string =>
      node.disk.names
        .files()
        .map(({ path, inode }) => `${path} ${inode.pages.size}`)
        .join();
    const before = content();
    for (const path of [segments[segments.length - 2], segments.at(-1), snapshots.at(-1), "/data/member/snap/db"]) {
      node.disk.troubles.unreadable = path as string;
      stage.boot(victim);
      await stage.until(`${victim} to be refused`, () => node.down === "refused");
      stage.expect(node.refusal.includes(path as string), "D21", `${path} cannot be read; it says: ${node.refusal}`);
      stage.expect(node.refusal.includes("EIO"), "D21", `the reason is missing: ${node.refusal}`);
      stage.expect(content() === before, "D21", `the refused start has changed ${before} to ${content()}`);
    }
    node.disk.troubles.unreadable = "";
    await stage.bootUp(victim);
    await stage.mustPut("after", "1");
    await stage.converged();
  },
};

const failingPage: Scenario = {
  id: "D21b",
  title: "a page of the database that cannot be read ends the member with the file, and no default takes its place",
  members: 3,
  options: { overrides: { pageCacheBytesMax: 65_536 } },
  play: async (stage) => {
    const [, victim] = await stage.ready();
    const node = stage.node(victim);
    for (let i = 0; i < 100; i++) await stage.mustPut(`k${i}`, "x".repeat(4_000));
    await stage.converged();
    await stage.wait(1_000);
    node.disk.troubles.unreadable = "/data/member/snap/db";
    for (let i = 0; i < 100 && node.isUp; i++) {
      await stage.mustPut(`k${i}`, "y");
      await stage.wait(20);
    }
    await stage.until(`${victim} to stop`, () => node.down === "failed");
    const said = stage.world.notes.map(({ text }) => text).filter((text) => text.startsWith(`${victim} stops: `));
    stage.expect(
      said.length === 1 && /\/data\/member\/snap\/db.*EIO|EIO.*\/data\/member\/snap\/db/.test(said.join()),
      "D21",
      said.join(),
    );
    node.disk.troubles.unreadable = "";
    await stage.bootUp(victim);
    await stage.converged();
  },
};

export const diskScenarios: readonly Scenario[] = [
  fullDisk,
  failingSync,
  failingRead,
  failingPage,
  slowDisk,
  slowFollower,
];

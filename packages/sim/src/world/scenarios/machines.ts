/** Clocks, pauses and disks: T01, T03, T04, T07, P01 to P06, D11, D18, D20, D22 to D24; and reads: M30 to M33. */
import { Dice } from "../dice.ts";
import type { Scenario, Stage } from "./stage.ts";

/** Lets clients work for a while. */
async function work(stage: Stage, seconds: number, clients = 3): Promise<void> {
  stage.clients.running = true;
  stage.clients.start(clients);
  await stage.wait(seconds * 1000);
  stage.clients.running = false;
}

const busy = { clients: 3, thinkUs: 20_000, keys: 5, operations: ["put", "get", "txn", "range"] } as const;

/** Nobody was elected meanwhile. */
async function undisturbed(stage: Stage, id: string, during: () => Promise<void>): Promise<void> {
  const leader = await stage.ready();
  const { term } = stage.member(leader);
  await during();
  stage.expect(stage.leaderNow() === leader && stage.member(leader).term === term, id, "there was an election");
  await stage.mustPut("after", "1");
  await stage.converged();
}

const wallJumps: Scenario = {
  id: "T01",
  title: "wall clocks that jump by an hour or ten years, at one or all members, cause no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T01", async () => {
      for (const ms of [3_600_000, -3_600_000, 315_360_000_000, -315_360_000_000]) {
        stage.node("m1").time.jump(ms);
        await work(stage, 1);
        for (const node of stage.world.nodes) node.time.jump(ms);
        await work(stage, 1);
      }
    }),
};

const strobes: Scenario = {
  id: "T02",
  title: "a wall clock that jumps to and fro every 10 ms causes no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T02", async () => {
      stage.clients.start(2);
      for (let i = 0; i < 500; i++) {
        stage.node("m1").time.jump(i % 2 === 0 ? 5_000 : -5_000);
        await stage.wait(10);
      }
      stage.clients.running = false;
    }),
};

const drift: Scenario = {
  id: "T03",
  title: "a clock that runs a tenth too fast or too slow causes no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T03", async () => {
      for (const ppm of [-100_000, 100_000]) {
        for (const node of stage.world.nodes) {
          node.time.setRate(ppm);
          await work(stage, 2);
          node.time.setRate(0);
        }
      }
    }),
};

const pausedLeader: Scenario = {
  id: "T04",
  title: "a leader that was paused for 2 to 100 election timeouts answers nothing from its old state",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (const timeouts of [2, 10, 100]) {
      const leader = await stage.leader();
      await work(stage, 2);
      stage.pause(leader, timeouts * 1000);
      await stage.until("another leader", () => ![undefined, leader].includes(stage.leaderNow()), 4_000);
      await stage.mustPut("meanwhile", String(timeouts));
      await stage.wait(timeouts * 1000);
      await work(stage, 2);
      await stage.converged();
      stage.expect((await stage.get(leader, "meanwhile")) === String(timeouts), "G1", "an old value was read");
    }
  },
};

const suspended: Scenario = {
  id: "T07",
  title: "a leader whose machine slept, its monotonic clock with it, does no harm when it wakes",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (const seconds of [3, 30]) {
      const leader = await stage.leader();
      stage.pause(leader, seconds * 1000);
      stage.node(leader).time.sleep(stage.world.kernel.nowUs + seconds * 1_000_000);
      await stage.wait(3_500);
      await stage.mustPut("meanwhile", String(seconds));
      await stage.wait(seconds * 1000);
      await work(stage, 2);
      await stage.converged();
    }
  },
};

const stalls: Scenario = {
  id: "P06",
  title:
    "a loop that stalls for half an election timeout is not noticed; for three, leadership is lost and nothing else",
  members: 3,
  plan: { ...busy, timerJitterUs: 0 },
  play: async (stage) => {
    const leader = await stage.ready();
    const { term } = stage.member(leader);
    for (const name of stage.others()) {
      stage.pause(name, 500);
      await work(stage, 2);
    }
    stage.expect(stage.member(leader).term === term, "P06", "half an election timeout cost an election");
    for (const name of stage.others()) {
      stage.pause(name, 3_000);
      await stage.wait(3_500);
      const risen = stage.world.up().map((member) => member.term);
      await work(stage, 5);
      // The ticks that were missed are not made up for: one election at most follows.
      const now = stage.world.up().map((member) => member.term);
      stage.expect(Math.max(...now) <= Math.max(...risen) + 1, "P06", "a stall brought a burst of elections");
      await stage.converged();
    }
  },
};

const killLoop: Scenario = {
  id: "P02",
  title: "a random member is killed every half to five seconds, one at a time, and most seconds see a write",
  members: 3,
  plan: { ...busy, restartUs: 100_000 },
  play: async (stage) => {
    await stage.ready();
    stage.world.supervised = true;
    const dice = new Dice(stage.world.plan.seed, "kills");
    let good = 0;
    const seconds = 60;
    let untilUs = 0;
    for (let second = 0; second < seconds; second++) {
      if (stage.world.kernel.nowUs >= untilUs) {
        stage.kill(dice.pick(stage.others()));
        untilUs = stage.world.kernel.nowUs + 500_000 + dice.below(4_500_000);
      }
      let written = false;
      for (let i = 0; i < 10; i++) {
        const name = stage.leaderNow();
        if (name !== undefined) {
          stage.put(name, "load", `load ${second} ${i}`).then(
            ({ kind }) => {
              if (kind === "put") written = true;
            },
            () => undefined,
          );
        }
        await stage.wait(100);
      }
      if (written) good += 1;
    }
    stage.facts.set("good", good);
    await stage.until("all to run", () => stage.world.nodes.every(({ isUp }) => isUp));
    await stage.mustPut("after", "1");
    await stage.converged();
    stage.expect(good >= seconds * 0.5, "P02", `only ${good} of ${seconds} seconds saw a write`);
  },
};

const killAll: Scenario = {
  id: "P03",
  title: "all members are killed, or lose power, at once and many times, and every acknowledged write is there",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    const dice = new Dice(stage.world.plan.seed, "kills");
    for (let round = 0; round < 20; round++) {
      await stage.mustPut(`r${round}`, String(round));
      for (const name of stage.others()) {
        if (dice.chance(500)) stage.kill(name);
        else stage.power(name, dice.pick(["oldest", "newest", "sectors", "mixed"] as const));
      }
      for (const name of stage.others()) await stage.bootUp(name);
      const leader = await stage.leader();
      for (let i = 0; i <= round; i++) {
        stage.expect((await stage.get(leader, `r${i}`)) === String(i), "G2", `the acknowledged write of r${i} is lost`);
      }
    }
  },
};

const snapshotCut: Scenario = {
  id: "D11",
  title: "a snapshot whose transfer or receiver breaks off leaves the old database, and comes again",
  members: 3,
  plan: { snapshotCount: 10, catchUpEntries: 1 },
  play: async (stage) => {
    const leader = await stage.ready();
    const lagging = stage.others(leader)[0] as string;
    stage.isolate(lagging);
    for (let i = 0; i < 60; i++) await stage.mustPut(`k${i}`, "x".repeat(2_000));
    await stage.wait(500);
    stage.heal();
    const way = stage.world.network.way(stage.node(leader), stage.node(lagging));
    way.bytesPerMs = 100;
    for (let i = 0; i < 3; i++) {
      await stage.wait(700);
      way.reset();
    }
    stage.node(lagging).disk.troubles.stepsLeft = 5;
    stage.node(lagging).disk.onStep = () => stage.node(lagging).losePower("sectors");
    await stage.wait(2_000);
    stage.heal();
    if (!stage.node(lagging).isUp) await stage.bootUp(lagging);
    await stage.until("it to catch up", () => stage.stored(lagging, "k59") !== undefined, 60_000);
    await stage.mustPut("after", "1");
    await stage.converged();
    const files = stage
      .node(lagging)
      .disk.names.files()
      .map(({ path }) => path);
    stage.expect(!files.some((path) => path.includes("/tmp")), "D11", `left behind: ${files.join(" ")}`);
  },
};

const fullDisk: Scenario = {
  id: "D18",
  title: "a member whose disk is full stops at once, the others go on, and it comes back when there is room",
  members: 3,
  plan: { walSegmentBytes: 4096 },
  play: async (stage) => {
    const leader = await stage.ready();
    const victim = stage.others(leader)[0] as string;
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

const lyingSync: Scenario = {
  id: "D22",
  title: "a member whose disk only claimed to sync, and lost power, takes the cluster's writes over from the other two",
  members: 3,
  options: { tolerate: ["I5", "I6", "I12"] },
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const victim = stage.others(leader)[0] as string;
    stage.node(victim).disk.troubles.lying = true;
    for (let i = 0; i < 20; i++) await stage.mustPut(`k${i}`, String(i));
    await stage.converged();
    stage.node(victim).disk.troubles.lying = false;
    stage.power(victim, "oldest");
    await stage.bootUp(victim);
    await stage.mustPut("b", "2");
    await stage.converged();
    for (let i = 0; i < 20; i++) {
      stage.expect(stage.stored(victim, `k${i}`) === String(i), "G3", `${victim} lacks k${i}`);
    }
  },
};

const slowDisk: Scenario = {
  id: "D23",
  title: "a leader whose syncs take 300 ms stays leader; one whose disk stalls for 30 s is replaced and rejoins",
  members: 3,
  plan: { syncJitterUs: 100 },
  play: async (stage) => {
    const leader = await stage.ready();
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
    const leader = await stage.ready();
    const slow = stage.others(leader)[0] as string;
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

const oldLeaderReads: Scenario = {
  id: "M30",
  title: "a read that a deposed leader confirms by late answers never gives an old value",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (let round = 0; round < 8; round++) {
      const old = await stage.leader();
      await stage.mustPut("x", `old ${round}`);
      const [a, b] = stage.others(old) as [string, string];
      for (const other of [a, b]) {
        const way = stage.world.network.way(stage.node(other), stage.node(old));
        way.delayUs = 300_000;
        way.duplicate = 500;
      }
      for (let i = 0; i < 5; i++) stage.get(old, "x").catch(() => undefined);
      await stage.wait(100);
      stage.cut(old, a);
      stage.cut(old, b);
      for (let i = 0; i < 5; i++) stage.get(old, "x").catch(() => undefined);
      await stage.until("another leader", () => ![undefined, old].includes(stage.leaderNow()), 6_000);
      await stage.mustPut("x", `new ${round}`);
      let late: string | undefined;
      stage.get(old, "x").then(
        (value) => {
          late = value;
        },
        () => undefined,
      );
      await stage.wait(2_000);
      stage.expect(late === undefined || late === `new ${round}`, "G1", `the old leader read ${late}`);
      stage.heal();
      await work(stage, 1);
      await stage.converged();
    }
  },
};

const freshLeaderReads: Scenario = {
  id: "M31",
  title: "a read that a new leader is asked before it has committed anything sees all that was acknowledged",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    for (let round = 0; round < 8; round++) {
      const old = await stage.leader();
      await stage.mustPut("x", String(round));
      stage.kill(old);
      await stage.until("another leader", () => ![undefined, old].includes(stage.leaderNow()));
      const next = stage.leaderNow() as string;
      const value = await stage.get(next, "x").catch(() => "none");
      stage.expect(value === String(round) || value === "none", "G1", `the new leader read ${value} after ${round}`);
      await stage.bootUp(old);
      await stage.converged();
    }
  },
};

const twoSnapshots: Scenario = {
  id: "M33",
  title:
    "two snapshots that reach a follower in a short time are installed one after the other, or the second is ignored",
  members: 5,
  plan: { snapshotCount: 5, catchUpEntries: 1 },
  play: async (stage) => {
    const leader = await stage.ready();
    const lagging = stage.others(leader)[0] as string;
    stage.isolate(lagging);
    for (let i = 0; i < 40; i++) await stage.mustPut(`k${i}`, String(i));
    for (let round = 0; round < 4; round++) {
      stage.heal();
      await stage.wait(150);
      stage.isolate(lagging);
      for (let i = 0; i < 12; i++) await stage.mustPut(`r${round} ${i}`, String(i));
    }
    stage.heal();
    await stage.mustPut("after", "1");
    await stage.converged();
  },
};

export const machineScenarios: readonly Scenario[] = [
  oldLeaderReads,
  freshLeaderReads,
  twoSnapshots,
  snapshotCut,
  fullDisk,
  failingSync,
  lyingSync,
  slowDisk,
  slowFollower,
  wallJumps,
  strobes,
  drift,
  pausedLeader,
  suspended,
  killLoop,
  killAll,
  stalls,
];

/** Partitions and bad lines: M36, M37, M43, N01 to N08, N11. */
import { Dice } from "../dice.ts";
import type { Way } from "../link.ts";
import type { Scenario, Stage } from "./stage.ts";

/** Changes every way of the network. */
function onAllWays(stage: Stage, change: (way: Way) => void): void {
  for (const from of stage.world.nodes) {
    for (const to of stage.world.nodes) if (from !== to) change(stage.world.network.way(from, to));
  }
}

/** Writes for a while; returns how many were acknowledged, and how often the leader changed. */
async function load(stage: Stage, seconds: number): Promise<{ written: number; leaders: number }> {
  let written = 0;
  let leaders = 0;
  let last = stage.leaderNow();
  for (let tick = 0; tick < seconds * 10; tick++) {
    const now = stage.leaderNow();
    if (now !== undefined && now !== last) {
      leaders += 1;
      last = now;
    }
    if (now !== undefined) {
      stage.put(now, "load", `load ${tick}`).then(
        (outcome) => {
          if (outcome.kind === "put") written += 1;
        },
        () => undefined,
      );
    }
    await stage.wait(100);
  }
  return { written, leaders };
}

const isolatedLeader: Scenario = {
  id: "N01",
  title:
    "an isolated leader steps down, acknowledges nothing and reads nothing, and another leads within three seconds",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.mustPut("a", "1");
    stage.isolate(leader);
    let acknowledged = false;
    let read = false;
    stage.put(leader, "lost", "1").then(
      ({ kind }) => {
        acknowledged = kind === "put";
      },
      () => undefined,
    );
    stage.get(leader, "a").then(
      () => {
        read = true;
      },
      () => undefined,
    );
    await stage.until("the old leader to step down", () => stage.member(leader).raftStatus().role !== "leader", 2_500);
    await stage.until("another leader", () => ![undefined, leader].includes(stage.leaderNow()), 3_000);
    await stage.mustPut("b", "2");
    await stage.wait(5_000);
    stage.expect(!acknowledged, "G2", "the isolated leader acknowledged a write");
    stage.expect(!read, "G1", "the isolated leader answered a linearizable read");
    stage.expect(stage.stored(leader, "a") === "1", "N01", "a serializable read gives nothing");
    stage.heal();
    await stage.converged();
  },
};

const halves =
  (minority: number): Scenario["play"] =>
  async (stage) => {
    const leader = await stage.ready();
    await stage.mustPut("a", "1");
    const followers = stage.others(leader);
    const left = minority === 2 ? [leader, followers[0] as string] : [followers[0] as string, followers[1] as string];
    const right = stage.others(...left);
    stage.split(left, right);
    await stage.until("a leader of the majority", () => right.includes(stage.leaderNow() ?? ""), 3_500);
    await stage.mustPut("b", "2");
    for (const name of left)
      stage.expect(!(await stage.canPut(name, 3_000)), "G2", `${name} of the minority took a write`);
    stage.heal();
    await stage.mustPut("c", "3");
    await stage.converged();
  };

const minorityLeader: Scenario = {
  id: "N02",
  title: "of five members the three without the leader serve within three seconds, and the two with it refuse writes",
  members: 5,
  play: halves(2),
};

const majorityLeader: Scenario = {
  id: "N02b",
  title: "of five members the three with the leader go on, and the other two refuse writes",
  members: 5,
  play: halves(0),
};

const oneWay: Scenario = {
  id: "N03",
  title: "no one-way cut between two members makes the leader change more than twice a minute",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    for (const from of ["m1", "m2", "m3"]) {
      for (const to of ["m1", "m2", "m3"]) {
        if (from === to) continue;
        stage.cut(from, to);
        const { leaders, written } = await load(stage, 20);
        stage.expect(
          leaders <= 2,
          "N03",
          `${leaders} changes of the leader in 20 s while ${from} could not reach ${to}`,
        );
        stage.expect(written > 0, "G7", `no write in 20 s while ${from} could not reach ${to}`);
        stage.heal();
        await stage.converged();
      }
    }
  },
};

const ring: Scenario = {
  id: "N04",
  title: "with five members of which each sees another majority the leader changes at most twice a minute",
  members: 5,
  play: async (stage) => {
    await stage.ready();
    const names = stage.others();
    for (const [i, name] of names.entries()) stage.split([name], [names[(i + 2) % 5] as string]);
    const { leaders, written } = await load(stage, 60);
    stage.expect(leaders <= 2, "N04", `${leaders} changes of the leader in a minute`);
    stage.expect(written > 0, "G7", "no write in a minute");
    stage.heal();
    await stage.converged();
  },
};

const bridge: Scenario = {
  id: "N05",
  title: "with one member that sees both halves the leader changes at most twice a minute",
  members: 5,
  play: async (stage) => {
    await stage.ready();
    const [, a, b, c, d] = stage.others() as [string, string, string, string, string];
    stage.split([a, b], [c, d]);
    const { leaders, written } = await load(stage, 60);
    stage.expect(leaders <= 2, "N05", `${leaders} changes of the leader in a minute`);
    stage.expect(written > 0, "G7", "no write in a minute");
    stage.heal();
    await stage.converged();
  },
};

const loss: Scenario = {
  id: "N06",
  title:
    "with 5 and 30 of 100 messages lost there is a write at least every five seconds, and half of them break nothing",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    for (const permille of [50, 300, 500]) {
      onAllWays(stage, (way) => {
        way.loss = permille;
      });
      let quiet = 0;
      for (let window = 0; window < 6; window++) {
        const { written } = await load(stage, 5);
        if (written === 0) quiet += 1;
      }
      stage.expect(permille === 500 || quiet === 0, "N06", `${quiet} of 6 windows without a write at ${permille}`);
      stage.heal();
      await stage.mustPut("after", String(permille));
      await stage.converged();
    }
  },
};

const delay: Scenario = {
  id: "N07",
  title: "delays of 75 ms and of 5 s, at the leader, a quorum or all, end with the cluster serving again",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    for (const [us, jitterUs] of [
      [75_000, 50_000],
      [5_000_000, 500_000],
    ] as const) {
      for (const count of [1, 2, 3]) {
        const slow = [stage.leaderNow() ?? "m1", ...stage.others(stage.leaderNow() ?? "m1")].slice(0, count);
        for (const name of slow) {
          for (const other of stage.others(name)) {
            const way = stage.world.network.way(stage.node(name), stage.node(other));
            way.delayUs = us;
            way.delayJitterUs = jitterUs;
          }
        }
        await load(stage, 15);
        stage.heal();
        await stage.wait(6_000);
        await stage.mustPut("after", `${us} ${count}`, 5_000);
        await stage.converged();
      }
    }
  },
};

const repeats: Scenario = {
  id: "N08",
  title: "messages that come twice, out of order, or again long after their term change nothing",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    const { network } = stage.world;
    onAllWays(stage, (way) => {
      way.duplicate = 500;
      way.reorder = 500;
    });
    network.keepsOld = true;
    await load(stage, 10);
    stage.heal();
    const old = await stage.leader();
    stage.kill(old);
    await stage.mustPut("b", "2");
    await stage.bootUp(old);
    network.replay();
    await load(stage, 5);
    network.replay();
    network.keepsOld = false;
    await stage.mustPut("after", "1");
    await stage.converged();
  },
};

const resets: Scenario = {
  id: "N11",
  title: "connections that break in the middle of everything lose whole messages and nothing else",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    const dice = new Dice(stage.world.plan.seed, "resets");
    for (let i = 0; i < 60; i++) {
      onAllWays(stage, (way) => {
        if (dice.chance(300)) way.reset();
      });
      await load(stage, 1);
    }
    await stage.mustPut("after", "1");
    await stage.converged();
  },
};

const deafLeader: Scenario = {
  id: "M36",
  title: "a leader that can send and hears nothing steps down, and nothing it was sent is acknowledged",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    for (const other of stage.others(leader)) stage.cut(other, leader);
    let acknowledged = false;
    stage.put(leader, "lost", "1").then(
      ({ kind }) => {
        acknowledged = kind === "put";
      },
      () => undefined,
    );
    await stage.until("the deaf leader to step down", () => stage.member(leader).raftStatus().role !== "leader", 2_500);
    stage.expect(!acknowledged, "G2", "a leader that hears nothing acknowledged a write");
    await stage.until("another leader", () => ![undefined, leader].includes(stage.leaderNow()), 5_000);
    await stage.mustPut("after", "1");
    stage.heal();
    await stage.converged();
  },
};

const lonelyFollower: Scenario = {
  id: "M37",
  title: "a follower that was alone for an hour comes back without raising the term",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    const lonely = stage.others(leader)[0] as string;
    const { term } = stage.member(leader);
    stage.isolate(lonely);
    await stage.wait(3_600_000);
    await stage.mustPut("a", "1");
    stage.heal();
    await stage.until("the follower to catch up", () => stage.stored(lonely, "a") === "1");
    await stage.wait(5_000);
    stage.expect(stage.leaderNow() === leader, "M37", "the leader has changed");
    stage.expect(
      stage.member(leader).term === term,
      "M37",
      `the term rose from ${term} to ${stage.member(leader).term}`,
    );
  },
};

const fullRotation: Scenario = {
  id: "M43",
  title: "members come and go from three to five to one and back to three under load, and nothing is lost",
  members: 3,
  plan: { snapshotCount: 20, catchUpEntries: 5 },
  play: async (stage) => {
    await stage.ready();
    await stage.wait(6_000);
    let next = 4;
    let writes = 0;
    const grow = async (): Promise<void> => {
      const name = `m${next}`;
      next += 1;
      await stage.join(stage.leaderNow() ?? (await stage.leader()), name);
      await stage.wait(6_000);
    };
    const shrink = async (): Promise<void> => {
      const leader = await stage.leader();
      const list = stage.member(leader).machine.membership.list();
      const oldest = stage.world.nodes.find(
        ({ member }) => member !== undefined && list.some(({ id }) => id === member.id),
      );
      if (oldest?.member !== undefined) await stage.member(leader).changes.remove(oldest.member.id);
      await stage.until("it to stop", () => oldest?.down === "removed");
      await stage.wait(6_000);
    };
    for (const step of [grow, grow, shrink, shrink, shrink, shrink, grow, grow]) {
      await step();
      for (let i = 0; i < 10; i++) {
        writes += 1;
        await stage.mustPut(`w${writes}`, String(writes));
      }
    }
    const leader = await stage.leader();
    for (let i = 1; i <= writes; i++) {
      stage.expect((await stage.get(leader, `w${i}`)) === String(i), "G2", `the acknowledged write of w${i} is lost`);
    }
    await stage.converged();
  },
};

export const networkScenarios: readonly Scenario[] = [
  deafLeader,
  lonelyFollower,
  fullRotation,
  isolatedLeader,
  minorityLeader,
  majorityLeader,
  oneWay,
  ring,
  bridge,
  loss,
  delay,
  repeats,
  resets,
];

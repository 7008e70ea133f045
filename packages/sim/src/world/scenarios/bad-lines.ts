/** Bad lines: N06 to N08, N11. */
import { Dice } from "../dice.ts";
import type { Way } from "../link.ts";
import { busy, load } from "./load.ts";
import type { Scenario, Stage } from "./stage.ts";

/** Changes every way of the network. */
function onAllWays(stage: Stage, change: (way: Way) => void): void {
  for (const from of stage.world.nodes) {
    for (const to of stage.world.nodes) if (from !== to) change(stage.world.network.way(from, to));
  }
}

const loss: Scenario = {
  id: "N06",
  title:
    "with 5 and 30 of 100 messages lost there is a write at least every five seconds, and half of them break nothing",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    stage.clients.start(3);
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
    }
    stage.clients.running = false;
    await stage.wait(10_000);
    await stage.converged();
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
    await stage.converged();
    const leader = await stage.leader();
    const { term } = stage.member(leader);
    for (let i = 0; i < 5; i++) {
      network.replay();
      await load(stage, 2);
    }
    network.keepsOld = false;
    stage.expect(network.old.length > 0, "script", "there is nothing to come again");
    stage.expect(
      stage.leaderNow() === leader && stage.member(leader).term === term,
      "N08",
      "old messages cost an election",
    );
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

export const badLineScenarios: readonly Scenario[] = [loss, delay, repeats, resets];

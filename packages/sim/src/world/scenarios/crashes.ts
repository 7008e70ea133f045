/** Processes that end: P02, P03. */
import { Dice } from "../dice.ts";
import { busy } from "./load.ts";
import type { Scenario } from "./stage.ts";

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

export const crashScenarios: readonly Scenario[] = [killLoop, killAll];

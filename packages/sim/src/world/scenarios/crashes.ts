/** Processes that end: P02, P03, P09. */
import { Dice } from "../dice.ts";
import { busy } from "./load.ts";
import type { Scenario, Stage } from "./stage.ts";

const killLoop: Scenario = {
  id: "P02",
  title: "a random member is killed every half to five seconds, one at a time, and 95 of 100 seconds see a write",
  members: 3,
  plan: { ...busy, restartUs: 100_000 },
  play: async (stage) => {
    await stage.ready();
    stage.world.supervised = true;
    const dice = new Dice(stage.world.plan.seed, "kills");
    let good = 0;
    const seconds = 240;
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
    stage.expect(good >= seconds * 0.95, "P02", `only ${good} of ${seconds} seconds saw a write`);
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

/** Ways to let an exception of ours break out in the middle of a member. */
const plants: readonly ((stage: Stage, victim: string, steps: number) => void)[] = [
  (stage, victim, steps) => {
    const { disk } = stage.node(victim);
    disk.troubles.stepsLeft = steps;
    disk.onStep = planted;
  },
  (stage, victim, steps) => {
    stage.node(victim).sending = { type: undefined, isSent: false, left: steps, strike: planted };
  },
  (stage, victim, steps) => {
    const { machine } = stage.member(victim);
    const apply = machine.apply.bind(machine);
    let left = steps;
    machine.apply = (...entry) => {
      left -= 1;
      return left === 0 ? planted() : apply(...entry);
    };
  },
];

function planted(): never {
  throw new TypeError("planted");
}

const exceptions: Scenario = {
  id: "P09",
  title:
    "an exception in the log, the database, the sending of messages or the apply ends the member at once, and nothing acknowledged is lost",
  members: 3,
  // That a member broke is what the script wants.
  plan: { ...busy, walSegmentBytes: 4096, snapshotCount: 20 },
  options: { tolerate: ["G8"] },
  play: async (stage) => {
    await stage.ready();
    stage.clients.start(3);
    for (let steps = 1; steps <= 12; steps++) {
      for (const plant of plants) {
        const victim = stage.others()[steps % 3] as string;
        const node = stage.node(victim);
        const { boots } = node;
        plant(stage, victim, steps);
        await stage.until(`${victim} to end`, () => node.down === "failed");
        const end = stage.world.tolerated.at(-1)?.message ?? "";
        stage.expect(end.includes("planted") && end.includes("at "), "P09", `it ended without a stack: ${end}`);
        stage.expect(node.boots === boots, "P09", "it went on");
        await stage.bootUp(victim);
        await stage.mustPut("alive", String(steps), 8_000);
      }
    }
    stage.clients.running = false;
    await stage.wait(10_000);
    await stage.converged();
  },
};

export const crashScenarios: readonly Scenario[] = [killLoop, killAll, exceptions];

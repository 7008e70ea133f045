/** Reads against changes of the leader: M30, M31. */
import { busy, work } from "./load.ts";
import type { Scenario } from "./stage.ts";

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
      await stage.anotherLeader(old, 6_000);
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
      const next = await stage.anotherLeader(old);
      const value = await stage.get(next, "x").catch(() => "none");
      stage.expect(value === String(round) || value === "none", "G1", `the new leader read ${value} after ${round}`);
      await stage.bootUp(old);
      await stage.converged();
    }
  },
};

export const readScenarios: readonly Scenario[] = [oldLeaderReads, freshLeaderReads];

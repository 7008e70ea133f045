/** Snapshots that arrive badly: M33, D11. */
import type { Scenario } from "./stage.ts";

const twoSnapshots: Scenario = {
  id: "M33",
  title:
    "two snapshots that reach a follower in a short time are installed one after the other, or the second is ignored",
  members: 5,
  plan: { snapshotCount: 5, catchUpEntries: 1 },
  play: async (stage) => {
    const [leader, lagging] = await stage.ready();
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

const snapshotCut: Scenario = {
  id: "D11",
  title: "a snapshot whose transfer or receiver breaks off leaves the old database, and comes again",
  members: 3,
  plan: { snapshotCount: 10, catchUpEntries: 1 },
  play: async (stage) => {
    const [leader, lagging] = await stage.ready();
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

export const snapshotScenarios: readonly Scenario[] = [twoSnapshots, snapshotCut];

/** Snapshots that arrive badly: M33, M35, D11. */
import { MessageType, newMessage } from "@quorate/raft";
import { agree } from "./judgement.ts";
import type { Scenario } from "./stage.ts";

const twoSnapshots: Scenario = {
  id: "M33",
  title:
    "two snapshots that reach a follower in a short time are installed one after the other, or the second is ignored",
  members: 5,
  plan: { snapshotCount: 5, catchUpEntries: 1 },
  play: async (stage) => {
    const [, lagging] = await stage.ready();
    stage.isolate(lagging);
    for (let i = 0; i < 40; i++) await stage.mustPut(`k${i}`, String(i));
    const id = stage.id(lagging);
    let snapshots = 0;
    stage.witness.onSend.push((_, { type, to }) => {
      if (type === MessageType.snap && to === id) snapshots += 1;
    });
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

const notMeant: Scenario = {
  id: "M35",
  title: "a snapshot whose configuration does not hold its receiver changes nothing at it",
  members: 3,
  play: async (stage) => {
    const [leader, receiver, other] = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const member = stage.member(receiver);
    const facts = (): string => {
      const { term, commit, applied, lastIndex, config } = member.raftStatus();
      const { voters, learners } = config;
      return `term ${term}, commit ${commit} of ${lastIndex}, applied ${applied}, ${voters.join()} and ${learners.join()}`;
    };
    stage.isolate(receiver);
    const before = facts();
    for (const learners of [[], [stage.id(other)]]) {
      const voters = learners.length === 0 ? [stage.id(leader), stage.id(other)] : [stage.id(leader)];
      const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
      const metadata = { index: member.committed + 100, term: member.term, confState };
      member.step({
        ...newMessage(MessageType.snap, member.id, stage.id(leader), member.term),
        snapshot: { data: new Uint8Array(0), metadata },
      });
      await stage.wait(50);
    }
    stage.expect(facts() === before, "M35", `${before} has become ${facts()}`);
    stage.expect(
      stage.witness.said(receiver, "not in the ConfState") === 2,
      "M35",
      "it was not ignored for what it is",
    );
    stage.heal();
    await stage.mustPut("b", "2");
    await agree(stage);
  },
};

export const snapshotScenarios: readonly Scenario[] = [twoSnapshots, notMeant, snapshotCut];

/** Learners and their promotion: M16, M18, M19, M21, M22; members that come and go: M43. */
import { agree, outcomeOf } from "./judgement.ts";
import type { Scenario } from "./stage.ts";

const learnerVotes: Scenario = {
  id: "M16",
  title: "a learner that does not know of its promotion votes for a candidate that does",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.join(leader, "m4", true);
    await stage.wait(6_000);
    const [a, b] = stage.others(leader, "m4") as [string, string];
    stage.cut(leader, "m4");
    await stage.member(leader).changes.promote(stage.id("m4"));
    await stage.until("the others to know", () =>
      [a, b].every((name) =>
        stage
          .member(name)
          .machine.membership.list()
          .every(({ isLearner }) => !isLearner),
      ),
    );
    // Of the four voters only a, b and the late learner are left: they need its vote.
    stage.kill(leader);
    await stage.leader(60_000);
    await stage.mustPut("after", "1");
    stage.heal();
    await agree(stage);
  },
};

const wipedLearner: Scenario = {
  id: "M18",
  title: "a learner that is wiped after it was ready does not cost an acknowledged write",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.join(leader, "m4", true);
    for (let i = 0; i < 20; i++) await stage.mustPut(`k${i}`, String(i));
    await stage.converged();
    const id = stage.id("m4");
    stage.wipe("m4");
    await outcomeOf(stage.member(leader).changes.promote(id));
    const node = stage.node("m4");
    node.boot();
    await stage.until("m4 to be refused", () => node.down === "refused");
    for (let i = 0; i < 20; i++) {
      const value = await stage.get(await stage.leader(), `k${i}`);
      stage.expect(value === String(i), "G2", `the acknowledged write of k${i} is lost`);
    }
  },
};

const promoteRace: Scenario = {
  id: "M19",
  title: "a learner that is promoted twice and removed at once ends in one state, the same everywhere",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.join(leader, "m4", true);
    await stage.wait(6_000);
    const [a, b] = stage.others(leader, "m4") as [string, string];
    const id = stage.id("m4");
    const outcomes = await Promise.all([
      outcomeOf(stage.member(a).changes.promote(id)),
      outcomeOf(stage.member(b).changes.promote(id)),
      outcomeOf(stage.member(leader).changes.remove(id)),
    ]);
    await stage.wait(3_000);
    await agree(stage);
    stage.expect(outcomes[2] === "done", "M19", outcomes.join(" | "));
    const there = stage.member(leader).machine.membership.get(id);
    stage.expect(there === undefined, "M19", "the removed member is there");
  },
};

const updatedLearner: Scenario = {
  id: "M21",
  title: "a learner whose URLs are updated stays a learner everywhere, also after restarts and snapshots",
  members: 3,
  plan: { snapshotCount: 10, catchUpEntries: 2 },
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.join(leader, "m4", true);
    const id = stage.id("m4");
    const fresh = "http://m4-again:2380";
    stage.world.network.hosts.set(fresh, stage.node("m4"));
    await stage.member(leader).changes.update(id, [fresh]);
    for (let i = 0; i < 25; i++) await stage.mustPut(`k${i}`, String(i));
    await agree(stage);
    for (const name of stage.world.nodes.map((node) => node.name)) stage.power(name, "newest");
    for (const name of stage.world.nodes.map((node) => node.name)) await stage.bootUp(name);
    await stage.leader();
    await agree(stage);
    for (const member of stage.world.up()) {
      const known = member.machine.membership.get(id);
      stage.expect(known?.isLearner === true, "M21", "the learner has become a voter");
      stage.expect(member.raftStatus().config.learners.includes(id), "M21", "raft counts the learner as a voter");
      stage.expect(known?.peerUrls.join() === fresh, "M21", "the URLs were not updated");
    }
  },
};

const promotedBySnapshot: Scenario = {
  id: "M22",
  title: "a promoted learner is a voter in the database, the log and raft of a member that came by a snapshot",
  members: 3,
  plan: { snapshotCount: 10, catchUpEntries: 1 },
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.join(leader, "m4", true);
    for (let i = 0; i < 5; i++) await stage.mustPut(`k${i}`, String(i));
    await stage.converged();
    await stage.wait(6_000);
    await stage.member(leader).changes.promote(stage.id("m4"));
    for (let i = 0; i < 40; i++) await stage.mustPut(`l${i}`, String(i));
    await stage.wait(6_000);
    await stage.join(stage.leaderNow() ?? leader, "m5");
    await stage.converged();
    const names = stage.world.nodes.map((node) => node.name);
    for (const name of names) stage.power(name, "newest");
    for (const name of names) await stage.bootUp(name);
    await stage.leader();
    await agree(stage);
    for (const member of stage.world.up()) {
      stage.expect(
        member.machine.membership.list().every(({ isLearner }) => !isLearner),
        "M22",
        "a learner is left",
      );
      stage.expect(member.raftStatus().config.voters.length === 5, "M22", "raft does not count five voters");
    }
  },
};

const fullRotation: Scenario = {
  id: "M43",
  title: "members come and go from three to five to one and back to three under load, and nothing is lost",
  members: 3,
  plan: { snapshotCount: 20, catchUpEntries: 5 },
  play: async (stage) => {
    await stage.steady();
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

export const learnerScenarios: readonly Scenario[] = [
  learnerVotes,
  wipedLearner,
  promoteRace,
  updatedLearner,
  promotedBySnapshot,
  fullRotation,
];

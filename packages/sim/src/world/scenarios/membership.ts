/** Changes of members against elections, partitions and each other: M01 to M13, M15 to M22. */
import { hexId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { Scenario, Stage } from "./stage.ts";

/** What a change came to. */
async function outcomeOf(change: Promise<unknown>): Promise<string> {
  return await change.then(
    () => "done",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const memberNames = (member: Member): string =>
  member.machine.membership
    .list()
    .map(({ id }) => hexId(id))
    .join(" ");

/** All running members have the same list. */
async function agree(stage: Stage): Promise<void> {
  await stage.converged();
  const lists = new Set(stage.world.up().map(memberNames));
  stage.expect(lists.size === 1, "G9", `members differ: ${[...lists].join(" | ")}`);
}

/**
 * The schedule of the bug that Ongaro found in 2015: a leader appends a change that only it has, another leader commits
 * another change, the first comes back.
 */
async function ongaro(
  stage: Stage,
  first: (at: Member) => Promise<unknown>,
  second: (at: Member) => Promise<unknown>,
): Promise<void> {
  const one = await stage.ready();
  await stage.mustPut("a", "1");
  await stage.wait(6_000);
  stage.isolate(one);
  const lonely = outcomeOf(first(stage.member(one)));
  const two = await stage
    .until("a second leader", () => stage.leaderNow() !== undefined && stage.leaderNow() !== one)
    .then(() => stage.leaderNow() as string);
  await stage.mustPut("b", "2");
  await outcomeOf(second(stage.member(two)));
  await stage.mustPut("c", "3");
  // What the others have committed is out of reach for the first, whatever it has in its log.
  stage.heal();
  await stage.wait(3_000);
  await stage.mustPut("d", "4");
  await lonely;
  await agree(stage);
  for (const [key, value] of [
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
    ["d", "4"],
  ] as const) {
    stage.expect(
      (await stage.get(await stage.leader(), key)) === value,
      "G2",
      `the acknowledged write of ${key} is lost`,
    );
  }
}

const url = (name: string): readonly string[] => [`http://${name}:2380`];
/** Strict checks would refuse what these schedules need. */
const lax = { overrides: { strictReconfigCheck: false } };

const addAndRemove: Scenario = {
  id: "M01",
  title: "an addition that only a deposed leader has and a removal that the next one commits never elect two leaders",
  members: 4,
  options: lax,
  play: (stage) =>
    ongaro(
      stage,
      (at) => at.changes.add(url("m5"), false),
      (at) =>
        at.changes.remove(
          stage.world.up().find(({ id }) => id !== at.id && id !== stage.world.nodes[0]?.member?.id)?.id ?? at.id,
        ),
    ),
};

const addAndAdd: Scenario = {
  id: "M02",
  title: "of two additions by two leaders at most one is in any committed log",
  members: 4,
  options: lax,
  play: (stage) =>
    ongaro(
      stage,
      (at) => at.changes.add(url("m5"), true),
      (at) => at.changes.add(url("m6"), true),
    ),
};

const removeAndRemove: Scenario = {
  id: "M03",
  title: "two removals by two leaders never elect two leaders",
  members: 5,
  options: lax,
  play: (stage) => {
    const victim = (at: Member, index: number): bigint =>
      at.machine.membership.list().filter(({ id }) => id !== at.id)[index]?.id ?? at.id;
    return ongaro(
      stage,
      (at) => at.changes.remove(victim(at, 0) as Member["id"]),
      (at) => at.changes.remove(victim(at, 1) as Member["id"]),
    );
  },
};

/** A follower is stopped while two additions are committed, and then has to wake up and campaign. */
async function lateCandidate(stage: Stage, crash: boolean): Promise<void> {
  const leader = await stage.ready();
  await stage.wait(6_000);
  const third = stage.others(leader)[1] as string;
  await stage.join(leader, "m4");
  stage.pause(third, 4_000);
  await stage.wait(100);
  const adding = outcomeOf(stage.member(leader).changes.add(url("m5"), false));
  await stage.wait(1_000);
  if (crash) stage.power(third, "sectors");
  stage.split([leader, third], stage.others(leader, third));
  await stage.wait(3_000);
  if (crash) await stage.bootUp(third);
  await stage.wait(6_000);
  stage.heal();
  stage.machine("m5").birth = { state: "existing", cluster: stage.clusterAsSeenBy(stage.leaderNow() ?? leader) };
  await adding;
  await stage.mustPut("after", "1");
  await agree(stage);
}

const waitsForChanges: Scenario = {
  id: "M04",
  title: "a member that knows of committed changes that it has not applied does not campaign",
  members: 3,
  options: lax,
  play: (stage) => lateCandidate(stage, false),
};

const tornChanges: Scenario = {
  id: "M05",
  title: "a member whose last batch was torn does not campaign more than one change behind",
  members: 3,
  options: lax,
  play: (stage) => lateCandidate(stage, true),
};

const applyBeforeVote: Scenario = {
  id: "M06",
  title: "no vote request leaves a member before it has applied the addition that it knows to be committed",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
    // Its caller ends with it: nobody waits for the answer.
    stage
      .member(leader)
      .changes.add(url("m4"), false)
      .catch(() => undefined);
    await stage.wait(5);
    stage.kill(leader);
    await stage.wait(4_000);
    // Three of four are needed once the addition is in force.
    await stage.bootUp(leader);
    await stage.mustPut("after", "1");
    await agree(stage);
  },
};

const twoAtOnce: Scenario = {
  id: "M07",
  title: "of two additions at once both are made one after the other, or one is refused, and no log holds both open",
  members: 3,
  options: lax,
  play: async (stage) => {
    const leader = await stage.ready();
    const [a, b] = stage.others(leader) as [string, string];
    const first = outcomeOf(stage.member(a).changes.add(url("m4"), true));
    await stage.wait(1);
    const second = outcomeOf(stage.member(b).changes.add(url("m5"), true));
    const outcomes = [await first, await second];
    await agree(stage);
    const added = stage.member(leader).machine.membership.list().length - 3;
    const done = outcomes.filter((outcome) => outcome === "done").length;
    // One learner is allowed: the later one is refused when it is applied.
    stage.expect(done === 1 && added === 1, "M07", `${outcomes.join(" | ")}: ${added} were added`);
  },
};

const sameAdditionTwice: Scenario = {
  id: "M08",
  title: "an addition that is asked again after its leader was deposed is made once",
  members: 3,
  options: lax,
  play: async (stage) => {
    const leader = await stage.ready();
    stage.isolate(leader);
    const lost = outcomeOf(stage.member(leader).changes.add(url("m4"), true));
    await stage.until("another leader", () => stage.leaderNow() !== undefined && stage.leaderNow() !== leader);
    const second = stage.leaderNow() as string;
    const again = outcomeOf(stage.member(second).changes.add(url("m4"), true));
    stage.heal();
    await again;
    await lost;
    await agree(stage);
    const members = stage.member(second).machine.membership.list();
    const count = members.filter(({ peerUrls }) => peerUrls.includes("http://m4:2380")).length;
    stage.expect(count === 1, "M08", `${count} members have the URL of m4`);
  },
};

const judgedAtApply: Scenario = {
  id: "M09",
  title:
    "of two like additions that were both let through, the second is rejected by all members alike when it is applied",
  members: 3,
  options: lax,
  play: async (stage) => {
    const leader = await stage.ready();
    const [a, b] = stage.others(leader) as [string, string];
    const outcomes = await Promise.all([
      outcomeOf(stage.member(a).changes.add(url("m4"), true)),
      outcomeOf(stage.member(b).changes.add(url("m4"), true)),
    ]);
    await agree(stage);
    stage.expect(outcomes.filter((outcome) => outcome === "done").length === 1, "M09", outcomes.join(" | "));
    stage.expect(stage.member(a).machine.membership.list().length === 4, "M09", "not one member was added");
    await stage.mustPut("after", "1");
  },
};

const removeLeader: Scenario = {
  id: "M10",
  title: "a leader that is removed hands over: another leads within three seconds, and it stops itself",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
    await stage.mustPut("a", "1");
    await stage.member(leader).changes.remove(stage.id(leader));
    const node = stage.node(leader);
    await stage.until("another leader", () => stage.leaderNow() !== undefined && stage.leaderNow() !== leader, 3_000);
    await stage.until("the removed leader to stop", () => node.down === "removed", 2_000);
    await stage.mustPut("b", "2");
    stage.expect((await stage.get(await stage.leader(), "a")) === "1", "G2", "the acknowledged write of a is lost");
  },
};

const removeTransferee: Scenario = {
  id: "M11",
  title: "the removal of the target of a leader transfer ends the transfer, and the leader goes on",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
    const target = stage.others(leader)[0] as string;
    const id = stage.id(target);
    const removal = outcomeOf(stage.member(leader).changes.remove(id));
    stage.cut(leader, target);
    const moving = outcomeOf(stage.member(leader).leadership.moveTo(id));
    await removal;
    await stage.mustPut("after", "1", 3_000);
    stage.expect(moving instanceof Promise, "M11", "the transfer has an end of its own");
  },
};

const crashedTransferee: Scenario = {
  id: "M12",
  title: "a leader transfer to a member that crashes just then is given up within an election timeout",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    const target = stage.others(leader)[0] as string;
    stage.cut(leader, target);
    const moving = outcomeOf(stage.member(leader).leadership.moveTo(stage.id(target)));
    stage.kill(target);
    await stage.mustPut("after", "1", 3_000);
    stage.expect(moving instanceof Promise, "M12", "the transfer has an end of its own");
  },
};

const removedBehindCut: Scenario = {
  id: "M13",
  title: "a member that is removed behind a partition never disturbs the cluster and stops when it is told",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
    const gone = stage.others(leader)[0] as string;
    const id = stage.id(gone);
    stage.isolate(gone);
    await stage.wait(10_000);
    await stage.member(leader).changes.remove(id);
    await stage.mustPut("a", "1");
    const { term } = stage.member(leader);
    await stage.wait(20_000);
    stage.heal();
    await stage.until("the removed member to stop", () => stage.node(gone).down === "removed");
    stage.expect(stage.leaderNow() === leader, "M13", "the leader has changed");
    stage.expect(stage.member(leader).term === term, "M13", "the term has risen");
  },
};

const removedUnknowing: Scenario = {
  id: "M15",
  title: "a removed member that starts again among a minority that does not know of the removal wins no election",
  members: 5,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
    const [gone, ignorant] = stage.others(leader) as [string, string];
    const id = stage.id(gone);
    stage.kill(gone);
    stage.split([gone, ignorant], stage.others(gone, ignorant));
    await stage.wait(6_000);
    await stage.member(leader).changes.remove(id);
    await stage.mustPut("a", "1");
    await stage.bootUp(gone);
    await stage.wait(10_000);
    stage.expect(stage.leaderNow() === leader, "M15", "another leads");
    stage.heal();
    await stage.until("the removed member to stop", () => stage.node(gone).down === "removed");
    await agree(stage);
  },
};

const learnerVotes: Scenario = {
  id: "M16",
  title: "a learner that does not know of its promotion votes for a candidate that does",
  members: 3,
  play: async (stage) => {
    const leader = await stage.ready();
    await stage.wait(6_000);
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
    const leader = await stage.ready();
    await stage.wait(6_000);
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
    const leader = await stage.ready();
    await stage.wait(6_000);
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
    const leader = await stage.ready();
    await stage.wait(6_000);
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
    const leader = await stage.ready();
    await stage.wait(6_000);
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

export const membershipScenarios: readonly Scenario[] = [
  addAndRemove,
  addAndAdd,
  removeAndRemove,
  waitsForChanges,
  tornChanges,
  applyBeforeVote,
  twoAtOnce,
  sameAdditionTwice,
  judgedAtApply,
  removeLeader,
  removeTransferee,
  crashedTransferee,
  removedBehindCut,
  removedUnknowing,
  learnerVotes,
  wipedLearner,
  promoteRace,
  updatedLearner,
  promotedBySnapshot,
];

/** Members that come back without their past: M24, M26 to M29, D22. */
import type { MemberId } from "@quorate/base";
import { MessageType } from "@quorate/raft";
import type { Directory } from "../disk-names.ts";
import { Violation } from "../violation.ts";
import type { Scenario, Stage } from "./stage.ts";

const keys: readonly string[] = Array.from({ length: 10 }, (_, i) => `k${i + 11}`);

/** {m1, m2, m3}; m3 down; writes acknowledged by m1 and m2; both die, m2's disk is wiped. */
async function loseTwo(stage: Stage): Promise<void> {
  await stage.ready();
  await stage.mustPut("before", "1");
  await stage.converged();
  stage.kill("m3");
  await stage.until("a leader of two", () => ["m1", "m2"].includes(stage.leaderNow() ?? ""));
  for (const key of keys) await stage.mustPut(key, `value of ${key}`);
  stage.power("m1", "newest");
  stage.power("m2", "newest");
  stage.wipe("m2");
  await stage.bootUp("m3");
}

const restartExisting = (stage: Stage): void => {
  const node = stage.node("m2");
  node.birth = { ...node.birth, state: "existing" };
  node.boot();
};

/** Everything that a lost majority breaks besides what the client sees. */
const consequences = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I11", "I12", "I13", "I14", "I17", "G8"];

export const wipedVoter: Scenario = {
  id: "M24",
  title: "a wiped voter that was started before is refused, and no acknowledged write is lost",
  members: 3,
  play: async (stage) => {
    await loseTwo(stage);
    restartExisting(stage);
    await stage.until("m2 to be refused", () => stage.node("m2").down === "refused");
    const { refusal } = stage.node("m2");
    stage.expect(refusal.includes("already started in this cluster; its data is lost"), "M24", `m2 says: ${refusal}`);
    await stage.wait(5_000);
    stage.expect(stage.leaderNow() === undefined, "M24", "the cluster has a leader without m1");
    await stage.bootUp("m1");
    const leader = await stage.leader();
    for (const key of keys) {
      const value = await stage.get(leader, key);
      stage.expect(value === `value of ${key}`, "G2", `the acknowledged write of ${key} is lost`);
    }
  },
};

/** The finding: played by etcd's rules, which let a wiped member back in as if it had never been started. */
export const wipedVoterByEtcd: Scenario = {
  id: "M24-etcd",
  title: "by etcd's rules, which let a wiped voter back in as if it were new, acknowledged writes are lost",
  members: 3,
  finding: "G2",
  options: { tolerate: consequences },
  play: async (stage) => {
    await loseTwo(stage);
    stage.world.network.hidesStarted = true;
    restartExisting(stage);
    await stage.until("m2 to run", () => {
      const node = stage.node("m2");
      // Whoever it asked has not told the cluster's version yet: its supervisor starts it again.
      if (node.down === "refused") node.boot();
      return node.isUp;
    });
    const leader = await stage.leader();
    await stage.mustPut("after", "1");
    const lost: string[] = [];
    for (const key of keys) if ((await stage.get(leader, key)) === undefined) lost.push(key);
    stage.facts.set("lost", lost.length);
    stage.facts.set("caught", stage.world.tolerated.length);
    if (lost.length > 0) throw new Violation("G2", `the acknowledged writes of ${lost.join(" ")} are lost`);
  },
};

/** How often the leader has seen a member without what it had acknowledged. */
const regressions = (stage: Stage, leader: string, id: MemberId): number =>
  stage
    .member(leader)
    .raftStatus()
    .progress.find((progress) => progress.id === id)?.regressions ?? 0;

const behind = "knows more to be committed than this log holds";

/** A member came back with less than it had acknowledged; the others are a quorum without it, and nothing is lost. */
async function filledAgain(stage: Stage, leader: string, victim: string): Promise<void> {
  stage.expect(stage.leaderNow() === leader, "G7", "another leads");
  stage.expect(regressions(stage, leader, stage.id(victim)) > 0, "M26", "the leader has not counted the loss");
  await stage.mustPut("after", "1");
  await stage.converged();
  for (const key of keys) {
    stage.expect(
      (await stage.get(leader, key)) === `value of ${key}`,
      "G2",
      `the acknowledged write of ${key} is lost`,
    );
    stage.expect(stage.stored(victim, key) === `value of ${key}`, "G3", `${victim} lacks ${key}`);
  }
}

/** Votes that a machine has granted from now on. */
function votesOf(stage: Stage, voter: string): { count: number } {
  const votes = { count: 0 };
  stage.witness.onSend.push((name, { type, reject }) => {
    if (name === voter && type === MessageType.voteResp && !reject) votes.count += 1;
  });
  return votes;
}

export const wipedAlone: Scenario = {
  id: "M26",
  title:
    "a wiped voter that no peer answers at its start completes no quorum; it is filled again, and its leader counts the loss",
  members: 3,
  // It does forget, and nothing stops it yet: what must hold is that the two others keep everything.
  options: { tolerate: ["I5", "I6"] },
  play: async (stage) => {
    await stage.ready();
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    await stage.converged();
    const leader = await stage.leader();
    const victim = stage.others(leader)[0] as string;
    stage.isolate(victim);
    stage.wipe(victim);
    const votes = votesOf(stage, victim);
    await stage.bootUp(victim);
    await stage.wait(4_000);
    stage.heal();
    await stage.until("it to follow", () => stage.member(victim).lead === stage.id(leader));
    await stage.wait(10_000);
    stage.expect(votes.count === 0, "M26", `${victim} granted ${votes.count} votes`);
    await filledAgain(stage, leader, victim);
  },
};

export const commitPastLog: Scenario = {
  id: "M27",
  title: "a commit index past the end of a log ends no member: it tells where its log ends, and is filled again",
  members: 3,
  options: { tolerate: ["I5"] },
  play: async (stage) => {
    await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const leader = await stage.leader();
    const victim = stage.others(leader)[0] as string;
    const image = stage.node(victim).disk.image();
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    await stage.converged();
    rollBack(stage, victim, image);
    const votes = votesOf(stage, victim);
    await stage.bootUp(victim);
    const { committed } = stage.member(leader);
    const early = stage.member(victim).committed;
    await stage.until("it to be told", () => stage.witness.said(victim, behind) > 0);
    stage.expect(early < committed, "script", "nothing was lost");
    stage.expect(
      stage.member(victim).committed <= stage.node(victim).log.last,
      "M27",
      "it commits what it does not have",
    );
    await stage.until("it to be filled", () => stage.member(victim).committed >= committed);
    stage.expect(votes.count === 0, "M27", `${victim} granted ${votes.count} votes`);
    await filledAgain(stage, leader, victim);
  },
};

/** The disk of a machine is what it was when the copy was made. */
function rollBack(stage: Stage, name: string, image: Directory): void {
  const node = stage.node(name);
  stage.kill(name);
  node.disk.restore(image);
  node.powerLost = true;
}

export const removeTheDead: Scenario = {
  id: "M28",
  title: "a member that a supervisor restarts in vain can be removed within a second",
  members: 3,
  play: async (stage) => {
    await stage.steady();
    const leader = stage.leaderNow() as string;
    const victim = stage.others(leader)[0] as string;
    const id = stage.id(victim);
    stage.wipe(victim);
    const node = stage.node(victim);
    node.birth = { ...node.birth, state: "existing" };
    for (let i = 0; i < 3; i++) {
      node.boot();
      await stage.wait(1_000);
      stage.expect(node.down === "refused", "M28", `${victim} is not refused`);
    }
    const startedUs = stage.world.kernel.nowUs;
    await stage.member(leader).changes.remove(id);
    const tookMs = (stage.world.kernel.nowUs - startedUs) / 1000;
    stage.expect(tookMs <= 1_000, "M28", `the removal took ${tookMs} ms`);
    await stage.mustPut("after", "1");
  },
};

export const rolledBack: Scenario = {
  id: "M29",
  title: "a member whose disk was rolled back, while the others are a quorum, is filled again and costs no write",
  members: 3,
  options: { tolerate: ["I5"] },
  play: async (stage) => {
    const [first, second, victim] = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const image = stage.node(victim).disk.image();
    stage.isolate(victim);
    stage.kill(first);
    await stage.bootUp(first);
    const leader = await stage.leader();
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    stage.heal();
    await stage.converged();
    rollBack(stage, victim, image);
    await stage.bootUp(victim);
    await stage.until("it to follow", () => stage.member(victim).lead === stage.id(leader));
    await stage.wait(3_000);
    stage.expect([first, second].includes(leader), "M29", "the one that was cut off leads");
    await filledAgain(stage, leader, victim);
  },
};

/** The finding: nothing tells a disk that was put back from the one that the cluster knows. */
export const votesTwice: Scenario = {
  id: "M29-twice",
  title: "a voter whose disk was rolled back past its vote votes again, and two members lead one term",
  members: 3,
  finding: "I1",
  options: { tolerate: ["I5", "I6", "I12"] },
  play: async (stage) => {
    const [old, a, b] = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const images = new Map([a, b].map((name) => [name, stage.node(name).disk.image()]));
    stage.kill(old);
    const leader = await stage.anotherLeader(old);
    // The other one has voted for it, and acknowledges what it writes; then it forgets both.
    const voter = leader === a ? b : a;
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    stage.isolate(leader);
    rollBack(stage, voter, images.get(voter) as Directory);
    stage.boot(voter);
    stage.boot(old);
    await stage.wait(10_000);
  },
};

const lyingSync: Scenario = {
  id: "D22",
  title:
    "a member whose disk only claimed to sync, and lost power, is filled again by the others, which keep every write; the leader counts the loss",
  members: 3,
  options: { tolerate: ["I5"] },
  play: async (stage) => {
    const [leader, victim] = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const { disk } = stage.node(victim);
    disk.troubles.lying = true;
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    await stage.converged();
    stage.expect(disk.lies > 0, "script", "no sync was claimed");
    stage.power(victim, "oldest");
    disk.troubles.lying = false;
    const votes = votesOf(stage, victim);
    await stage.bootUp(victim);
    stage.expect(stage.node(victim).log.last < stage.node(leader).log.last, "script", "nothing was lost");
    await stage.until("it to be told", () => stage.witness.said(victim, behind) > 0);
    await stage.until("it to be filled", () => stage.stored(victim, "k20") !== undefined);
    stage.expect(votes.count === 0, "D22", `${victim} granted ${votes.count} votes`);
    await filledAgain(stage, leader, victim);
  },
};

export const identityScenarios: readonly Scenario[] = [
  wipedVoter,
  wipedVoterByEtcd,
  wipedAlone,
  commitPastLog,
  removeTheDead,
  rolledBack,
  votesTwice,
  lyingSync,
];

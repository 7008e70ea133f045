/** Members that come back without their past: M24, M26 to M29, D22. */
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
    await stage.until("m2 to run", () => stage.node("m2").isUp);
    const leader = await stage.leader();
    await stage.mustPut("after", "1");
    const lost: string[] = [];
    for (const key of keys) if ((await stage.get(leader, key)) === undefined) lost.push(key);
    stage.facts.set("lost", lost.length);
    stage.facts.set("caught", stage.world.tolerated.length);
    if (lost.length > 0) throw new Violation("G2", `the acknowledged writes of ${lost.join(" ")} are lost`);
  },
};

export const wipedAlone: Scenario = {
  id: "M26",
  title: "a wiped voter that no peer answers at its start takes no part in a quorum unnoticed",
  members: 3,
  options: { tolerate: consequences },
  play: async (stage) => {
    await stage.ready();
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    await stage.converged();
    const victim = stage.others(stage.leaderNow() ?? "")[0] as string;
    stage.isolate(victim);
    stage.wipe(victim);
    stage.boot(victim);
    await stage.wait(4_000);
    stage.heal();
    await stage.wait(10_000);
    // The other two never lost their quorum: nothing may be missing, whatever becomes of the third.
    const leader = await stage.leader();
    for (const key of keys) {
      const value = await stage.get(leader, key);
      stage.expect(value === `value of ${key}`, "G2", `the acknowledged write of ${key} is lost`);
    }
    stage.facts.set("caught", stage.world.tolerated.length);
  },
};

export const commitPastLog: Scenario = {
  id: "M27",
  title: "a commit index past the end of the log does not end a member, and its log is filled again",
  members: 3,
  options: { tolerate: ["I5", "I6", "I12"] },
  play: async (stage) => {
    await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const victim = stage.others(stage.leaderNow() ?? "")[0] as string;
    const image = stage.node(victim).disk.image();
    for (const key of keys) await stage.mustPut(key, `value of ${key}`);
    await stage.converged();
    stage.kill(victim);
    stage.node(victim).disk.restore(image);
    stage.node(victim).powerLost = true;
    await stage.bootUp(victim);
    await stage.mustPut("b", "2");
    await stage.converged();
    for (const key of keys) {
      stage.expect(stage.stored(victim, key) === `value of ${key}`, "G3", `${victim} lacks ${key}`);
    }
  },
};

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
  title: "two leaders in one term after a disk was rolled back are seen by the checks, if they come about",
  members: 3,
  options: { tolerate: ["I1", "I3", "I4", "I5", "I6", "I12", "I13", "I14", "G8"] },
  play: async (stage) => {
    await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const leader = stage.leaderNow() as string;
    const victim = stage.others(leader)[0] as string;
    const image = stage.node(victim).disk.image();
    stage.kill(leader);
    const second = await stage.leader();
    await stage.mustPut("b", "2");
    if (second === victim) return;
    // It voted in this term; its disk forgets.
    stage.kill(victim);
    stage.node(victim).disk.restore(image);
    stage.node(victim).powerLost = true;
    await stage.bootUp(victim);
    await stage.bootUp(leader);
    await stage.mustPut("c", "3");
    await stage.converged();
    stage.facts.set("caught", stage.world.tolerated.length);
    stage.expect((await stage.get(await stage.leader(), "b")) === "2", "G2", "the acknowledged write of b is lost");
  },
};

const lyingSync: Scenario = {
  id: "D22",
  title: "a member whose disk only claimed to sync, and lost power, takes the cluster's writes over from the other two",
  members: 3,
  options: { tolerate: ["I5", "I6", "I12"] },
  play: async (stage) => {
    const [leader] = await stage.ready();
    await stage.mustPut("a", "1");
    await stage.converged();
    const victim = stage.others(leader)[0] as string;
    stage.node(victim).disk.troubles.lying = true;
    for (let i = 0; i < 20; i++) await stage.mustPut(`k${i}`, String(i));
    await stage.converged();
    stage.node(victim).disk.troubles.lying = false;
    stage.power(victim, "oldest");
    await stage.bootUp(victim);
    await stage.mustPut("b", "2");
    await stage.converged();
    for (let i = 0; i < 20; i++) {
      stage.expect(stage.stored(victim, `k${i}`) === String(i), "G3", `${victim} lacks k${i}`);
    }
  },
};

export const identityScenarios: readonly Scenario[] = [
  wipedVoter,
  wipedVoterByEtcd,
  wipedAlone,
  commitPastLog,
  removeTheDead,
  rolledBack,
  lyingSync,
];

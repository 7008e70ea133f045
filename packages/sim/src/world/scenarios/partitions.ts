/** Partitions: M36, M37, N01 to N05. */
import { load } from "./load.ts";
import type { Scenario } from "./stage.ts";

const isolatedLeader: Scenario = {
  id: "N01",
  title:
    "an isolated leader steps down, acknowledges nothing and reads nothing, and another leads within three seconds",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.ready();
    await stage.mustPut("a", "1");
    stage.isolate(leader);
    let acknowledged = false;
    let read = false;
    stage.put(leader, "lost", "1").then(
      ({ kind }) => {
        acknowledged = kind === "put";
      },
      () => undefined,
    );
    stage.get(leader, "a").then(
      () => {
        read = true;
      },
      () => undefined,
    );
    await stage.until("the old leader to step down", () => stage.member(leader).raftStatus().role !== "leader", 2_500);
    await stage.anotherLeader(leader, 3_000);
    await stage.mustPut("b", "2");
    await stage.wait(5_000);
    stage.expect(!acknowledged, "G2", "the isolated leader acknowledged a write");
    stage.expect(!read, "G1", "the isolated leader answered a linearizable read");
    stage.expect(stage.stored(leader, "a") === "1", "N01", "a serializable read gives nothing");
    stage.heal();
    await stage.converged();
  },
};

const halves =
  (minority: number): Scenario["play"] =>
  async (stage) => {
    const [leader] = await stage.ready();
    await stage.mustPut("a", "1");
    const followers = stage.others(leader);
    const left = minority === 2 ? [leader, followers[0] as string] : [followers[0] as string, followers[1] as string];
    const right = stage.others(...left);
    stage.split(left, right);
    const cutUs = stage.world.kernel.nowUs;
    await stage.until("a leader of the majority", () => right.includes(stage.leaderNow() ?? ""), 3_000);
    await stage.mustPut("b", "2");
    const tookMs = (stage.world.kernel.nowUs - cutUs) / 1000;
    stage.expect(tookMs <= 3_000, "N02", `the majority took ${tookMs} ms to serve`);
    for (const name of left)
      stage.expect(!(await stage.canPut(name, 3_000)), "G2", `${name} of the minority took a write`);
    stage.heal();
    await stage.mustPut("c", "3");
    await stage.converged();
  };

const minorityLeader: Scenario = {
  id: "N02",
  title: "of five members the three without the leader serve within three seconds, and the two with it refuse writes",
  members: 5,
  play: halves(2),
};

const majorityLeader: Scenario = {
  id: "N02b",
  title: "of five members the three with the leader go on, and the other two refuse writes",
  members: 5,
  play: halves(0),
};

const oneWay: Scenario = {
  id: "N03",
  title: "no one-way cut between two members makes the leader change more than twice a minute",
  members: 3,
  play: async (stage) => {
    await stage.ready();
    for (const from of ["m1", "m2", "m3"]) {
      for (const to of ["m1", "m2", "m3"]) {
        if (from === to) continue;
        stage.cut(from, to);
        const { leaders, written } = await load(stage, 60);
        stage.expect(
          leaders <= 2,
          "N03",
          `${leaders} changes of the leader in a minute while ${from} could not reach ${to}`,
        );
        stage.expect(written > 0, "G7", `no write in a minute while ${from} could not reach ${to}`);
        stage.heal();
        await stage.converged();
      }
    }
  },
};

const ring: Scenario = {
  id: "N04",
  title: "with five members of which each sees another majority the leader changes at most twice a minute",
  members: 5,
  play: async (stage) => {
    await stage.ready();
    const names = stage.others();
    for (const [i, name] of names.entries()) stage.split([name], [names[(i + 2) % 5] as string]);
    const { leaders, written } = await load(stage, 60);
    stage.expect(leaders <= 2, "N04", `${leaders} changes of the leader in a minute`);
    stage.expect(written > 0, "G7", "no write in a minute");
    stage.heal();
    await stage.converged();
  },
};

const bridge: Scenario = {
  id: "N05",
  title: "with one member that sees both halves the leader changes at most twice a minute",
  members: 5,
  play: async (stage) => {
    await stage.ready();
    const [, a, b, c, d] = stage.others() as [string, string, string, string, string];
    stage.split([a, b], [c, d]);
    const { leaders, written } = await load(stage, 60);
    stage.expect(leaders <= 2, "N05", `${leaders} changes of the leader in a minute`);
    stage.expect(written > 0, "G7", "no write in a minute");
    stage.heal();
    await stage.converged();
  },
};

const deafLeader: Scenario = {
  id: "M36",
  title: "a leader that can send and hears nothing steps down, and nothing it was sent is acknowledged",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.ready();
    for (const other of stage.others(leader)) stage.cut(other, leader);
    let acknowledged = false;
    stage.put(leader, "lost", "1").then(
      ({ kind }) => {
        acknowledged = kind === "put";
      },
      () => undefined,
    );
    await stage.until("the deaf leader to step down", () => stage.member(leader).raftStatus().role !== "leader", 2_500);
    stage.expect(!acknowledged, "G2", "a leader that hears nothing acknowledged a write");
    await stage.anotherLeader(leader, 5_000);
    await stage.mustPut("after", "1");
    stage.heal();
    await stage.converged();
  },
};

const lonelyFollower: Scenario = {
  id: "M37",
  title: "a follower that was alone for an hour comes back without raising the term",
  members: 3,
  play: async (stage) => {
    const [leader, lonely] = await stage.ready();
    const { term } = stage.member(leader);
    stage.isolate(lonely);
    await stage.wait(3_600_000);
    await stage.mustPut("a", "1");
    stage.heal();
    await stage.until("the follower to catch up", () => stage.stored(lonely, "a") === "1");
    await stage.wait(5_000);
    stage.expect(stage.leaderNow() === leader, "M37", "the leader has changed");
    stage.expect(
      stage.member(leader).term === term,
      "M37",
      `the term rose from ${term} to ${stage.member(leader).term}`,
    );
  },
};

export const partitionScenarios: readonly Scenario[] = [
  deafLeader,
  lonelyFollower,
  isolatedLeader,
  minorityLeader,
  majorityLeader,
  oneWay,
  ring,
  bridge,
];

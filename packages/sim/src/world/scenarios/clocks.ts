/** Clocks, pauses and stalls: T01 to T05, T07, P06. */
import { encodeLeaseGrantRequest } from "@quorate/api";
import type { LeaseId } from "@quorate/base";
import { RequestKind } from "@quorate/state";
import { undisturbed } from "./judgement.ts";
import { busy, work } from "./load.ts";
import type { Scenario } from "./stage.ts";

const wallJumps: Scenario = {
  id: "T01",
  title: "wall clocks that jump by an hour or ten years, at one or all members, cause no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T01", async () => {
      for (const ms of [3_600_000, -3_600_000, 315_360_000_000, -315_360_000_000]) {
        stage.node("m1").time.jump(ms);
        await work(stage, 1);
        for (const node of stage.world.nodes) node.time.jump(ms);
        await work(stage, 1);
      }
    }),
};

const strobes: Scenario = {
  id: "T02",
  title: "a wall clock that jumps to and fro every 10 ms causes no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T02", async () => {
      stage.clients.start(2);
      for (let i = 0; i < 500; i++) {
        stage.node("m1").time.jump(i % 2 === 0 ? 5_000 : -5_000);
        await stage.wait(10);
      }
      stage.clients.running = false;
    }),
};

const drift: Scenario = {
  id: "T03",
  title: "a clock that runs a tenth too fast or too slow causes no election",
  members: 3,
  plan: busy,
  play: (stage) =>
    undisturbed(stage, "T03", async () => {
      for (const ppm of [-100_000, 100_000]) {
        for (const node of stage.world.nodes) {
          node.time.setRate(ppm);
          await work(stage, 2);
          node.time.setRate(0);
        }
      }
    }),
};

const pausedLeader: Scenario = {
  id: "T04",
  title: "a leader that was paused for 2 to 100 election timeouts answers nothing from its old state",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (const timeouts of [2, 10, 100]) {
      const leader = await stage.leader();
      await work(stage, 2);
      stage.pause(leader, timeouts * 1000);
      const wakesUs = stage.world.kernel.nowUs + timeouts * 1_000_000;
      if (timeouts > 2) await stage.anotherLeader(leader, 3_000);
      else await stage.anotherLeader(leader, 4_000);
      await stage.mustPut("meanwhile", String(timeouts));
      // Asked while it sleeps, it is the first thing that it looks at.
      const read = stage.attempt(stage.get(leader, "meanwhile"));
      await stage.wait(Math.max(0, (wakesUs - stage.world.kernel.nowUs) / 1000) + timeouts * 100);
      stage.expect(
        read.state !== "done" || read.value === String(timeouts),
        "G1",
        `it read ${read.value} when it woke`,
      );
      await work(stage, 2);
      await stage.converged();
      stage.expect((await stage.get(leader, "meanwhile")) === String(timeouts), "G1", "an old value was read");
    }
  },
};

const suspended: Scenario = {
  id: "T07",
  title: "a leader whose machine slept, its monotonic clock with it, does no harm when it wakes",
  members: 3,
  plan: busy,
  play: async (stage) => {
    await stage.ready();
    for (const seconds of [3, 30]) {
      const leader = await stage.leader();
      stage.pause(leader, seconds * 1000);
      stage.node(leader).time.sleep(stage.world.kernel.nowUs + seconds * 1_000_000);
      await stage.wait(3_500);
      await stage.mustPut("meanwhile", String(seconds));
      await stage.wait(seconds * 1000);
      await work(stage, 2);
      await stage.converged();
    }
  },
};

const stalls: Scenario = {
  id: "P06",
  title:
    "a loop that stalls for half an election timeout is not noticed; for three, leadership is lost and nothing else",
  members: 3,
  plan: { ...busy, timerJitterUs: 0 },
  play: async (stage) => {
    const [leader] = await stage.ready();
    const { term } = stage.member(leader);
    for (const name of stage.others()) {
      stage.pause(name, 500);
      await work(stage, 2);
    }
    stage.expect(stage.member(leader).term === term, "P06", "half an election timeout cost an election");
    for (const name of stage.others()) {
      stage.pause(name, 3_000);
      await stage.wait(3_500);
      const risen = stage.world.up().map((member) => member.term);
      await work(stage, 5);
      // The ticks that were missed are not made up for: one election at most follows.
      const now = stage.world.up().map((member) => member.term);
      stage.expect(Math.max(...now) <= Math.max(...risen) + 1, "P06", "a stall brought a burst of elections");
      await stage.converged();
    }
  },
};

const allPaused: Scenario = {
  id: "T05",
  title:
    "all members that were stopped for an hour elect once, serve again within seconds, and have let no lease end meanwhile",
  members: 3,
  plan: busy,
  play: async (stage) => {
    const [leader] = await stage.ready();
    await work(stage, 2);
    const ttl = 60;
    await stage.propose(leader, RequestKind.leaseGrant, encodeLeaseGrantRequest({ id: 7n as LeaseId, ttl }));
    await stage.converged();
    const { term } = stage.member(leader);
    const hourMs = 3_600_000;
    const late = stage.attempt(stage.get(leader, "after"));
    for (const name of stage.others()) stage.pause(name, hourMs);
    await stage.wait(hourMs - 1);
    stage.expect(late.state === "open", "script", "somebody is awake");
    await stage.wait(1);
    // G7: three election timeouts and two seconds.
    await stage.mustPut("after", "1", 5_000);
    const now = await stage.leader(1_000);
    stage.expect(stage.member(now).term <= term + 1, "T05", `the term rose from ${term} to ${stage.member(now).term}`);
    const leases = stage.member(now).machine.leases;
    stage.expect(leases.get(7n as LeaseId)?.ttlSeconds === ttl, "G5", "the lease has ended");
    await work(stage, 2);
    await stage.converged();
  },
};

export const clockScenarios: readonly Scenario[] = [
  wallJumps,
  strobes,
  drift,
  pausedLeader,
  allPaused,
  suspended,
  stalls,
];

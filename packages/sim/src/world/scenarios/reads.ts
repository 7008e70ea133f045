/** Reads against changes of the leader: M30 to M32. */
import { MessageType } from "@quorate/raft";
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
      const member = stage.member(next);
      stage.expect(member.appliedTerm < member.term, "script", "it has committed an entry of its term");
      const value = await stage.get(next, "x");
      stage.expect(member.appliedTerm === member.term, "M31", "it answered before it had committed anything");
      stage.expect(value === String(round), "G1", `the new leader read ${value} after ${round}`);
      await stage.bootUp(old);
      await stage.converged();
    }
  },
};

const changeAndAnswer: Scenario = {
  id: "M32",
  title:
    "a change of the leader that becomes known in one turn with the answer to a read wins: the read is refused, and asked again it sees all",
  members: 5,
  play: async (stage) => {
    const [leader, reader, ...rest] = await stage.ready();
    await stage.mustPut("x", "old");
    await stage.converged();
    const sent: MessageType[] = [];
    stage.witness.onSend.push((name, { type, to }) => {
      if (to !== stage.member(reader).id) return;
      if (name === leader && type === MessageType.readIndexResp) sent.push(type);
      if (name !== leader && type === MessageType.app) sent.push(type);
    });
    const read = stage.attempt(stage.get(reader, "x"));
    // The reader sleeps once it has asked: what comes meanwhile it finds all at once, in the order of its coming.
    await stage.until("the question to leave", () => stage.witness.lastSent(reader) === MessageType.readIndex);
    stage.pause(reader, 5_000);
    const wakesUs = stage.world.kernel.nowUs + 5_000_000;
    await stage.until("the answer to be on its way", () => sent.length > 0, 2_000);
    await stage.wait(200);
    for (const other of rest) stage.split([leader], [other]);
    await stage.anotherLeader(leader, 6_000);
    await stage.mustPut("x", "new", 1_000);
    stage.expect(read.state === "open" && stage.world.kernel.nowUs < wakesUs, "script", "the reader woke too early");
    stage.expect(sent[0] === MessageType.readIndexResp, "script", "the answer did not come first");
    stage.expect(sent.includes(MessageType.app), "script", "the reader cannot learn of the new leader");
    await stage.until("the read to end", () => read.state !== "open");
    stage.expect(read.endUs - wakesUs < 50_000, "M32", "the read ended in a later turn");
    stage.expect(
      read.state === "failed" && read.reason.includes("leader changed"),
      "M32",
      `${read.state}: ${read.value} ${read.reason}`,
    );
    stage.expect((await stage.get(reader, "x")) === "new", "G1", "the read that was asked again is old");
    stage.heal();
    await stage.converged();
  },
};

export const readScenarios: readonly Scenario[] = [oldLeaderReads, freshLeaderReads, changeAndAnswer];

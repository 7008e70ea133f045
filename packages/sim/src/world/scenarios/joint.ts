/** Joint changes: M41. */
import { type ConfChangeSingle, ConfChangeType } from "@quorate/raft";
import { agree } from "./judgement.ts";
import type { Scenario } from "./stage.ts";

const inJoint = (config: { readonly votersOutgoing: readonly unknown[] }): boolean => config.votersOutgoing.length > 0;

/** C_old is {A, B, C}, C_new is {A, B, D}. */
const lostLeader: Scenario = {
  id: "M41",
  title:
    "a joint change that lost its leader, while one member has a longer log and does not know of it, elects nobody until the leader is back, and then goes on",
  members: 3,
  plan: { operators: ["joint"], latencyUs: 300, latencyJitterUs: 100 },
  play: async (stage) => {
    const [a, b, c] = await stage.steady();
    await stage.join(a, "m4", true);
    await stage.mustPut("before", "1");
    await stage.converged();
    const [memberA, memberC] = [stage.member(a), stage.member(c)];
    const d = stage.node("m4");
    stage.kill(b);
    // What the third acknowledges comes late, so that the fourth has more of the log before anything is committed.
    stage.way(c, a).delayUs = 400_000;
    const changes: ConfChangeSingle[] = [
      { type: ConfChangeType.addNode, nodeId: stage.id("m4") },
      { type: ConfChangeType.addLearnerNode, nodeId: stage.id(c) },
    ];
    const index = stage.node(a).log.last + 1;
    stage.operators.proposeJoint(memberA, changes);
    await stage.until("the change to be in all logs", () => stage.node(c).log.last >= index && d.log.last >= index);
    stage.cut(a, c);
    for (let i = 0; i < 3; i++) stage.put(a, "x", String(i)).catch(() => undefined);
    await stage.until("the fourth to have more", () => d.log.last >= index + 3);
    stage.cut(a, "m4");
    await stage.until("the change to be committed", () => memberA.committed >= index);
    stage.way(a, c).setCut(false);
    await stage.until("the third to know", () => memberC.applied >= index);
    stage.cut(a, c);
    stage.kill(a);
    stage.expect(inJoint(memberC.raftStatus().config), "script", "the third is not in the joint configuration");
    stage.expect(stage.node(c).log.last < d.log.last, "script", "the log of the fourth is no longer");
    stage.expect((d.member?.committed ?? index) < index, "script", "the fourth knows");
    await stage.bootUp(b);
    stage.heal();
    // The longest log belongs to a member that takes itself for a learner, and the others need its vote.
    await stage.wait(10_000);
    stage.expect(stage.leaderNow() === undefined, "M41", "somebody was elected after all: this needs another title");
    await stage.bootUp(a);
    await stage.leader(10_000);
    await stage.mustPut("after", "1");
    await stage.until("the joint configuration to be left", () =>
      stage.world.up().every((member) => !inJoint(member.raftStatus().config)),
    );
    stage.expect((await stage.get(await stage.leader(), "before")) === "1", "G2", "the acknowledged write is lost");
    await agree(stage);
  },
};

export const jointScenarios: readonly Scenario[] = [lostLeader];

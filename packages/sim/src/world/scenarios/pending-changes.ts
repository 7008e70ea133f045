/** Changes that are committed and not applied yet: M04 to M06. */
import { MessageType } from "@quorate/raft";
import { agree, lax, url } from "./judgement.ts";
import { changesIn, tearLastState } from "./log-tail.ts";
import type { Scenario, Stage } from "./stage.ts";

/** Batches of the database are so small that a slow one holds the apply up at once. */
const smallBatches = { backendBatchLimit: 2, backendBatchMs: 10 } as const;
const pending = "since there are still pending configuration changes to apply";

const asksForVotes = (type: MessageType): boolean => type === MessageType.vote || type === MessageType.preVote;

/** Collects who asks for votes, with what they had applied by then. */
function watchVotes(stage: Stage): { readonly name: string; readonly applied: number; readonly voters: number }[] {
  const seen: { name: string; applied: number; voters: number }[] = [];
  stage.witness.onSend.push((name, { type }) => {
    if (!asksForVotes(type)) return;
    const member = stage.member(name);
    seen.push({ name, applied: member.applied, voters: member.raftStatus().config.voters.length });
  });
  return seen;
}

/** A fifth machine, which is started later. */
function bearFifth(stage: Stage, at: string): void {
  const node = stage.machine("m5");
  const cluster = stage.clusterAsSeenBy(at);
  node.birth = { state: "existing", cluster: new Map([...cluster, ["m5", [node.url]]]) };
}

const waitsForChanges: Scenario = {
  id: "M04",
  title: "a member that knows of two committed changes, and has applied neither, does not campaign before it has",
  members: 3,
  plan: smallBatches,
  options: lax,
  play: async (stage) => {
    const [one, two, three] = await stage.steady();
    const heldMs = 25_000;
    const freeUs = stage.world.kernel.nowUs + heldMs * 1000;
    await stage.holdApply(three, heldMs);
    // Who asks the third, which has not applied it yet, would not be let in.
    stage.machine("m4");
    stage.split([three], ["m4"]);
    await stage.join(one, "m4");
    bearFifth(stage, one);
    await stage.member(one).changes.add(url("m5"), false);
    const late = stage.member(three);
    const last = stage.member(one).committed;
    await stage.until("the third to know of both changes", () => late.committed >= last);
    await stage.applied(last, two, "m4");
    stage.expect(stage.node(three).log.changesAbove(late.applied) >= 2, "script", "the third has applied a change");
    const votes = watchVotes(stage);
    const { term } = late;
    stage.split([one, three], [two, "m4", "m5"]);
    await stage.bootUp("m5");
    const leader = await stage.anotherLeader(one, 8_000);
    stage.expect([two, "m4"].includes(leader), "M04", `${leader} was elected`);
    stage.expect(
      stage.world.kernel.nowUs + 3_000_000 < freeUs,
      "script",
      "the third has not been held for long enough",
    );
    await stage.wait(2_500);
    stage.expect(stage.witness.said(three, pending) > 0, "M04", `${three} did not refuse to campaign`);
    stage.expect(
      votes.every(({ name }) => name !== three),
      "M04",
      `${three} asked for votes`,
    );
    stage.expect(late.raftStatus().role === "follower" && late.term === term, "M04", `${three} is no follower`);
    await stage.wait((freeUs - stage.world.kernel.nowUs) / 1000 + 4_000);
    // Now it counts votes as it should: two of five are none to win with.
    const now = votes.filter(({ name }) => name === three);
    stage.expect(
      now.length > 0 && now.every(({ voters }) => voters === 5),
      "M04",
      `${three} does not campaign after all`,
    );
    stage.expect(stage.leaderNow() === leader, "M04", "two of five have elected");
    stage.heal();
    await stage.mustPut("after", "1");
    await agree(stage);
  },
};

const tornChanges: Scenario = {
  id: "M05",
  plan: { walSegmentBytes: 64_000 },
  title:
    "a member whose last batch kept two changes and lost the hard state infers the commit, and two never lead a term",
  members: 3,
  options: lax,
  play: async (stage) => {
    const [one, two, three] = await stage.steady();
    await stage.join(one, "m4", true);
    await stage.converged();
    bearFifth(stage, one);
    stage.isolate(three);
    await stage.member(one).changes.promote(stage.id("m4"));
    await stage.member(one).changes.add(url("m5"), false);
    const node = stage.node(three);
    const { log, disk } = node;
    const before = log.last;
    const [first, second] = changesIn(stage.node(one)).slice(-2) as [number, number];
    await stage.applied(second, two, "m4");
    // Both changes, and the knowledge that they are committed, come at once, and are not synced when the power goes.
    disk.troubles.stalledUntilUs = stage.world.kernel.nowUs + 60_000_000;
    stage.mend(one, three);
    await stage.until("the third to have written them", () => log.last >= second && log.writtenState.commit >= second);
    stage.split([one, three], [two, "m4", "m5"]);
    stage.expect(log.durable.last <= before, "script", "the batch is durable");
    stage.power(three, "newest");
    disk.troubles.stalledUntilUs = 0;
    tearLastState(node);
    const votes = watchVotes(stage);
    await stage.bootUp(three);
    stage.expect(stage.witness.said(three, "the log proves more") === 1, "M05", `${three} infers nothing from its log`);
    stage.expect(stage.member(three).committed >= first, "M05", `${three} does not know of the first change`);
    await stage.bootUp("m5");
    const leader = await stage.anotherLeader(one, 20_000);
    stage.expect([two, "m4"].includes(leader), "M05", `${leader} was elected`);
    await stage.until(`${three} to campaign`, () => votes.some(({ name }) => name === three), 10_000);
    for (const { name, applied } of votes) stage.expect(applied >= first, "M05", `${name} campaigned at ${applied}`);
    await stage.wait(10_000);
    const leads = stage.world.up().filter((member) => member.isLeader);
    stage.expect(leads.length === 1 && leads[0]?.id === stage.id(leader), "M05", "another leads beside it");
    stage.heal();
    await stage.mustPut("after", "1");
    await agree(stage);
  },
};

const applyBeforeVote: Scenario = {
  id: "M06",
  title: "no vote request leaves a member before it has applied the addition that it knows to be committed",
  members: 3,
  plan: smallBatches,
  play: async (stage) => {
    const [leader, a, b] = await stage.steady();
    const heldMs = 8_000;
    const freeUs = stage.world.kernel.nowUs + heldMs * 1000;
    await stage.holdApply(a, heldMs);
    await stage.holdApply(b, heldMs);
    const held = [stage.member(a), stage.member(b)];
    const adding = stage.attempt(stage.member(leader).changes.add(url("m4"), false));
    await stage.until("the addition", () => adding.state === "done");
    const index = changesIn(stage.node(leader)).at(-1) as number;
    await stage.until("the followers to know that it is committed", () =>
      held.every(({ committed }) => committed >= index),
    );
    stage.expect(
      held.every(({ applied }) => applied < index),
      "script",
      "a follower has applied the addition",
    );
    const votes = watchVotes(stage);
    stage.kill(leader);
    await stage.wait((freeUs - stage.world.kernel.nowUs) / 1000 - 500);
    stage.expect(votes.length === 0, "M06", `${votes[0]?.name} asked for votes at ${votes[0]?.applied} of ${index}`);
    stage.expect(
      stage.witness.said(a, pending) > 0 && stage.witness.said(b, pending) > 0,
      "M06",
      "a follower did not want to campaign",
    );
    await stage.until("somebody to campaign", () => votes.length > 0, 10_000);
    await stage.wait(5_000);
    for (const { name, applied, voters } of votes) {
      stage.expect(
        applied >= index && voters === 4,
        "M06",
        `${name} asks ${voters} voters, with ${applied} of ${index}`,
      );
    }
    stage.expect(stage.leaderNow() === undefined, "M06", "two of four have elected");
    await stage.bootUp(leader);
    await stage.mustPut("after", "1");
    await agree(stage);
  },
};

export const pendingChangeScenarios: readonly Scenario[] = [waitsForChanges, tornChanges, applyBeforeVote];

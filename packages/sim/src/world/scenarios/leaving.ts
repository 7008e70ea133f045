/** Members that leave, and leadership that moves: M10 to M13, M15. */
import { type MemberId, noMember } from "@quorate/base";
import type { Attempt } from "./attempt.ts";
import { agree } from "./judgement.ts";
import { busy, work } from "./load.ts";
import type { Scenario, Stage } from "./stage.ts";

const removeLeader: Scenario = {
  id: "M10",
  title:
    "a leader that is removed hands over: another leads within three seconds, it stops itself, and no write in flight is lost",
  members: 3,
  plan: busy,
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.mustPut("a", "1");
    await work(stage, 1);
    stage.clients.running = true;
    await stage.member(leader).changes.remove(stage.id(leader));
    const node = stage.node(leader);
    await stage.anotherLeader(leader, 3_000);
    await stage.until("the removed leader to stop", () => node.down === "removed", 2_000);
    await stage.mustPut("b", "2");
    stage.clients.running = false;
    stage.expect((await stage.get(await stage.leader(), "a")) === "1", "G2", "the acknowledged write of a is lost");
    await stage.wait(10_000);
  },
};

/** A leader's transfer is under way: it takes no proposals, and says so. */
async function whileTransferring(
  stage: Stage,
  leader: string,
  target: MemberId,
  signal: AbortSignal,
): Promise<Attempt<void>> {
  const moving = stage.attempt(stage.member(leader).leadership.moveTo(target, signal));
  stage.expect(stage.member(leader).raftStatus().leadTransferee === target, "script", "no transfer is under way");
  const refused = stage.attempt(stage.put(leader, "meanwhile", "1"));
  await stage.until("the put to be refused", () => refused.state !== "open", 500);
  stage.expect(refused.state === "failed", "M12", "a leader that hands over took a proposal");
  return moving;
}

/** The transfer is over and went nowhere: the leader leads as before, and takes proposals again. */
async function stillLeads(stage: Stage, leader: string, term: number, id: string, sinceUs: number): Promise<void> {
  const { kernel, plan } = stage.world;
  await stage.until("the transfer to be given up", () => stage.member(leader).raftStatus().leadTransferee === noMember);
  const put = await stage.put(leader, "after", "1");
  const tookMs = (kernel.nowUs - sinceUs) / 1000;
  stage.expect(put.kind === "put", id, "the leader takes no proposal");
  // An election timeout, the tick that sees its end, and the put itself.
  stage.expect(tookMs <= plan.electionMs + 2 * plan.heartbeatMs, id, `proposals resumed after ${tookMs} ms`);
  stage.expect(stage.leaderNow() === leader && stage.member(leader).term === term, id, "there was an election");
}

const removeTransferee: Scenario = {
  id: "M11",
  title:
    "the removal of the target of a leader transfer ends the transfer at once, and the leader leads on and takes proposals",
  members: 3,
  play: async (stage) => {
    const [leader, target, other] = await stage.steady();
    const { term } = stage.member(leader);
    const id = stage.id(target);
    const caller = new AbortController();
    // The removal is on its way when the transfer begins, and is committed while it runs.
    stage.way(other, leader).delayUs = 100_000;
    stage.cut(leader, target);
    const removal = stage.attempt(stage.member(leader).changes.remove(id));
    await stage.until(
      "the removal to be proposed",
      () => stage.node(leader).log.changesAbove(stage.member(leader).applied) === 1,
    );
    const moving = await whileTransferring(stage, leader, id, caller.signal);
    await stage.until("the removal", () => removal.state === "done", 1_000);
    const { leadTransferee } = stage.member(leader).raftStatus();
    stage.expect(leadTransferee === noMember, "M11", "the transfer to the removed member goes on");
    stage.mend(other, leader);
    await stillLeads(stage, leader, term, "M11", removal.endUs);
    caller.abort();
    await stage.until("the caller to be told", () => moving.state === "failed", 100);
  },
};

const crashedTransferee: Scenario = {
  id: "M12",
  title:
    "a leader transfer to a member that crashes just then is given up within an election timeout, and refuses proposals until then",
  members: 3,
  play: async (stage) => {
    const [leader, target] = await stage.ready();
    const { term } = stage.member(leader);
    const caller = new AbortController();
    const id = stage.id(target);
    const sinceUs = stage.world.kernel.nowUs;
    stage.kill(target);
    const moving = await whileTransferring(stage, leader, id, caller.signal);
    await stillLeads(stage, leader, term, "M12", sinceUs);
    caller.abort();
    await stage.until("the caller to be told", () => moving.state === "failed", 100);
    await stage.bootUp(target);
    await stage.converged();
  },
};

const removedBehindCut: Scenario = {
  id: "M13",
  title: "a member that is removed behind a partition never disturbs the cluster and stops when it is told",
  members: 3,
  play: async (stage) => {
    const [leader, gone] = await stage.steady();
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
    const [leader, gone, ignorant] = await stage.steady();
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

export const leavingScenarios: readonly Scenario[] = [
  removeLeader,
  removeTransferee,
  crashedTransferee,
  removedBehindCut,
  removedUnknowing,
];

/** Members that leave, and leadership that moves: M10 to M13, M15. */
import { agree, outcomeOf } from "./judgement.ts";
import type { Scenario } from "./stage.ts";

const removeLeader: Scenario = {
  id: "M10",
  title: "a leader that is removed hands over: another leads within three seconds, and it stops itself",
  members: 3,
  play: async (stage) => {
    const [leader] = await stage.steady();
    await stage.mustPut("a", "1");
    await stage.member(leader).changes.remove(stage.id(leader));
    const node = stage.node(leader);
    await stage.anotherLeader(leader, 3_000);
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
    const [leader, target] = await stage.steady();
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
    const [leader, target] = await stage.ready();
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

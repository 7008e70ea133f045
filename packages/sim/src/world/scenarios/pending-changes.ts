/** Changes that are committed and not applied yet: M04 to M06. */
import { agree, lax, outcomeOf, url } from "./judgement.ts";
import type { Scenario, Stage } from "./stage.ts";

/** A follower is stopped while two additions are committed, and then has to wake up and campaign. */
async function lateCandidate(stage: Stage, crash: boolean): Promise<void> {
  const [leader] = await stage.steady();
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
    const [leader] = await stage.steady();
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

export const pendingChangeScenarios: readonly Scenario[] = [waitsForChanges, tornChanges, applyBeforeVote];

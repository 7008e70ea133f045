/** Changes of members against each other: M01 to M03, M07 to M09. */
import type { Member } from "@quorate/member";
import { agree, lax, outcomeOf, url } from "./judgement.ts";
import type { Scenario, Stage } from "./stage.ts";

/**
 * The schedule of the bug that Ongaro found in 2015: a leader appends a change that only it has, another leader commits
 * another change, the first comes back.
 */
async function ongaro(
  stage: Stage,
  first: (at: Member) => Promise<unknown>,
  second: (at: Member) => Promise<unknown>,
): Promise<void> {
  const [one] = await stage.steady();
  await stage.mustPut("a", "1");
  stage.isolate(one);
  const lonely = outcomeOf(first(stage.member(one)));
  const two = await stage.anotherLeader(one);
  await stage.mustPut("b", "2");
  await outcomeOf(second(stage.member(two)));
  await stage.mustPut("c", "3");
  // What the others have committed is out of reach for the first, whatever it has in its log.
  stage.heal();
  await stage.wait(3_000);
  await stage.mustPut("d", "4");
  await lonely;
  await agree(stage);
  for (const [key, value] of [
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
    ["d", "4"],
  ] as const) {
    stage.expect(
      (await stage.get(await stage.leader(), key)) === value,
      "G2",
      `the acknowledged write of ${key} is lost`,
    );
  }
}

const addAndRemove: Scenario = {
  id: "M01",
  title: "an addition that only a deposed leader has and a removal that the next one commits never elect two leaders",
  members: 4,
  options: lax,
  play: (stage) =>
    ongaro(
      stage,
      (at) => at.changes.add(url("m5"), false),
      (at) =>
        at.changes.remove(
          stage.world.up().find(({ id }) => id !== at.id && id !== stage.world.nodes[0]?.member?.id)?.id ?? at.id,
        ),
    ),
};

const addAndAdd: Scenario = {
  id: "M02",
  title: "of two additions by two leaders at most one is in any committed log",
  members: 4,
  options: lax,
  play: (stage) =>
    ongaro(
      stage,
      (at) => at.changes.add(url("m5"), true),
      (at) => at.changes.add(url("m6"), true),
    ),
};

const removeAndRemove: Scenario = {
  id: "M03",
  title: "two removals by two leaders never elect two leaders",
  members: 5,
  options: lax,
  play: (stage) => {
    const victim = (at: Member, index: number): bigint =>
      at.machine.membership.list().filter(({ id }) => id !== at.id)[index]?.id ?? at.id;
    return ongaro(
      stage,
      (at) => at.changes.remove(victim(at, 0) as Member["id"]),
      (at) => at.changes.remove(victim(at, 1) as Member["id"]),
    );
  },
};

const twoAtOnce: Scenario = {
  id: "M07",
  title: "of two additions at once both are made one after the other, or one is refused, and no log holds both open",
  members: 3,
  options: lax,
  play: async (stage) => {
    const [leader, a, b] = await stage.ready();
    const first = outcomeOf(stage.member(a).changes.add(url("m4"), true));
    await stage.wait(1);
    const second = outcomeOf(stage.member(b).changes.add(url("m5"), true));
    const outcomes = [await first, await second];
    await agree(stage);
    const added = stage.member(leader).machine.membership.list().length - 3;
    const done = outcomes.filter((outcome) => outcome === "done").length;
    // One learner is allowed: the later one is refused when it is applied.
    stage.expect(done === 1 && added === 1, "M07", `${outcomes.join(" | ")}: ${added} were added`);
  },
};

const sameAdditionTwice: Scenario = {
  id: "M08",
  title: "an addition that is asked again after its leader was deposed is made once",
  members: 3,
  options: lax,
  play: async (stage) => {
    const [leader] = await stage.ready();
    stage.isolate(leader);
    const lost = outcomeOf(stage.member(leader).changes.add(url("m4"), true));
    const second = await stage.anotherLeader(leader);
    const again = outcomeOf(stage.member(second).changes.add(url("m4"), true));
    stage.heal();
    await again;
    await lost;
    await agree(stage);
    const members = stage.member(second).machine.membership.list();
    const count = members.filter(({ peerUrls }) => peerUrls.includes("http://m4:2380")).length;
    stage.expect(count === 1, "M08", `${count} members have the URL of m4`);
  },
};

const judgedAtApply: Scenario = {
  id: "M09",
  title:
    "of two like additions that were both let through, the second is rejected by all members alike when it is applied",
  members: 3,
  options: lax,
  play: async (stage) => {
    const [, a, b] = await stage.ready();
    const outcomes = await Promise.all([
      outcomeOf(stage.member(a).changes.add(url("m4"), true)),
      outcomeOf(stage.member(b).changes.add(url("m4"), true)),
    ]);
    await agree(stage);
    stage.expect(outcomes.filter((outcome) => outcome === "done").length === 1, "M09", outcomes.join(" | "));
    stage.expect(stage.member(a).machine.membership.list().length === 4, "M09", "not one member was added");
    await stage.mustPut("after", "1");
  },
};

export const rivalChangeScenarios: readonly Scenario[] = [
  addAndRemove,
  addAndAdd,
  removeAndRemove,
  twoAtOnce,
  sameAdditionTwice,
  judgedAtApply,
];

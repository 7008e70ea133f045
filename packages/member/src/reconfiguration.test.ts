import { type MemberId, toMemberId } from "@quorate/base";
import type { MemberRecord } from "@quorate/state";
import { describe, expect, test } from "vitest";
import { checkedPeerUrls, judgeAdd, judgePromote, judgeRemove, type ReconfigurationView } from "./reconfiguration.ts";

const id = (n: number): MemberId => toMemberId(BigInt(n));

interface Setup {
  readonly voters: number;
  readonly started?: number;
  /** Seconds that each voter has been connected; the first is the local one. */
  readonly seconds: readonly number[];
  readonly learners?: number;
}

function view({ voters, started = voters, seconds, learners = 0 }: Setup): ReconfigurationView {
  const members: MemberRecord[] = [];
  for (let i = 1; i <= voters + learners; i++) {
    const name = i <= started || i > voters ? `n${i}` : "";
    members.push({ id: id(i), name, peerUrls: [`http://h:${i}`], clientUrls: [], isLearner: i > voters });
  }
  const nowMs = 100_000;
  const activeSince = (member: MemberId): number => {
    const up = seconds[Number(member) - 1] ?? 0;
    return up === 0 ? 0 : nowMs - up * 1000;
  };
  return { local: id(1), members, nowMs, activeSince };
}

describe("adding a member", () => {
  test.each<[string, Setup, string | undefined, string | undefined]>([
    ["one member", { voters: 1, seconds: [9] }, undefined, undefined],
    ["two, one never started", { voters: 2, started: 1, seconds: [9, 0] }, "notEnoughStarted", "unhealthy"],
    ["two, one down", { voters: 2, seconds: [9, 0] }, "unhealthy", "unhealthy"],
    ["two", { voters: 2, seconds: [9, 9] }, undefined, undefined],
    ["three", { voters: 3, seconds: [9, 9, 9] }, undefined, undefined],
    ["three, one down", { voters: 3, seconds: [9, 9, 0] }, "unhealthy", "unhealthy"],
    ["three, one just up", { voters: 3, seconds: [9, 9, 2] }, "unhealthy", "unhealthy"],
    ["three, one never started", { voters: 3, started: 2, seconds: [9, 9, 9] }, "notEnoughStarted", undefined],
    ["four, one down", { voters: 4, seconds: [9, 9, 9, 0] }, undefined, undefined],
    ["four, two down", { voters: 4, seconds: [9, 9, 0, 0] }, "unhealthy", "unhealthy"],
    ["five, one down", { voters: 5, seconds: [9, 9, 9, 9, 0] }, undefined, undefined],
    ["five, two down", { voters: 5, seconds: [9, 9, 9, 0, 0] }, "unhealthy", "unhealthy"],
  ])("%s", (_title, setup, voter, learner) => {
    expect(judgeAdd(view(setup), false)?.code).toBe(voter);
    expect(judgeAdd(view(setup), true)?.code).toBe(learner);
  });
});

describe("removing a voter is judged by those that remain", () => {
  test.each<[string, Setup, number, string | undefined]>([
    ["the last one", { voters: 1, seconds: [9] }, 1, "notEnoughStarted"],
    ["one of two", { voters: 2, seconds: [9, 9] }, 2, undefined],
    ["one of two that just came up", { voters: 2, seconds: [9, 2] }, 2, undefined],
    ["one of three", { voters: 3, seconds: [9, 9, 9] }, 3, undefined],
    ["a dead one of three", { voters: 3, seconds: [9, 9, 0] }, 3, undefined],
    ["a healthy one of three while another is down", { voters: 3, seconds: [9, 9, 0] }, 2, "unhealthy"],
    ["one of three in a crash loop", { voters: 3, seconds: [9, 9, 2] }, 3, undefined],
    ["one of five just up, another down", { voters: 5, seconds: [9, 9, 9, 0, 2] }, 5, undefined],
    ["one of five, two others down", { voters: 5, seconds: [9, 9, 0, 0, 9] }, 5, "unhealthy"],
    ["the contacted member itself", { voters: 3, seconds: [9, 9, 9] }, 1, undefined],
    ["an unknown id", { voters: 3, seconds: [9, 9, 9] }, 77, undefined],
  ])("%s", (_title, setup, target, code) => {
    expect(judgeRemove(view(setup), id(target))?.code).toBe(code);
  });

  test("a learner may always go", () => {
    expect(judgeRemove(view({ voters: 3, seconds: [9, 0, 0], learners: 1 }), id(4))).toBeUndefined();
  });

  test("a refusal names who is missing", () => {
    expect(judgeRemove(view({ voters: 3, seconds: [9, 9, 0] }), id(2))?.explanation).toContain("3 (n3)");
  });
});

test("a promotion counts the learner as started", () => {
  expect(judgePromote(view({ voters: 1, seconds: [9], learners: 1 }))).toBeUndefined();
  expect(judgePromote(view({ voters: 3, started: 1, seconds: [9], learners: 1 }))?.code).toBe("notEnoughStarted");
});

test("peer URLs need a scheme, a host, a port and nothing more", () => {
  expect(checkedPeerUrls(["http://b:2", "http://a:1"])).toEqual(["http://a:1", "http://b:2"]);
  expect(checkedPeerUrls(["https://[::1]:2380"])).toEqual(["https://[::1]:2380"]);
  expect(checkedPeerUrls(["unix://m1"])).toEqual(["unix://m1"]);
  expect(checkedPeerUrls([" http://b:2", "http://a:1\t"])).toEqual(["http://a:1", "http://b:2"]);
  for (const bad of [
    "",
    "a:1",
    "http://a",
    "http://a:1/",
    "http://a:1/x",
    "ftp://a:1",
    "http://a:99999",
    "http://:1",
  ]) {
    expect(checkedPeerUrls([bad]), bad).toBeUndefined();
  }
  expect(checkedPeerUrls([])).toBeUndefined();
});

import { type Clock, emptyBytes } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import { EntryType, newEntry } from "@quorate/raft";
import { encodeRaftRequest, RequestKind, type StateMachine } from "@quorate/state";
import { describe, expect, test } from "vitest";
import { Applier, type ApplierSink } from "./applier.ts";

const sink: ApplierSink = {
  takeWaiter: () => undefined,
  takeChangeWaiter: () => undefined,
  applyConfChange: () => {
    throw new Error("no change of members here");
  },
  onMembershipEffect: () => undefined,
  onBroken: () => undefined,
  isHeld: () => false,
  onApplied: () => undefined,
  onLeaderEntry: () => undefined,
};

/** How many of `count` entries one turn applies when each takes a millisecond. */
function appliedInOneTurn(count: number, bodyBytes: number): number {
  let applied = 0;
  // Work is what moves this clock.
  const clock: Clock = Object.assign(new VirtualClock(), { nowMs: () => applied });
  const machine = {
    apply: () => {
      applied += 1;
      return { kind: "none" };
    },
  } as unknown as StateMachine;
  const applier = new Applier(clock, { log: () => undefined }, sink, machine, 0, 1);
  const body = bodyBytes === 0 ? emptyBytes : new Uint8Array(bodyBytes);
  const entries = Array.from({ length: count }, (_, i) => {
    const data = encodeRaftRequest(RequestKind.put, body, { origin: 1, serial: i + 1, username: "", authRevision: 0 });
    return newEntry(EntryType.normal, 1, i + 1, data);
  });
  applier.queue(entries);
  expect(applier.run()).toBe(true);
  return applied;
}

describe("a turn of the applier", () => {
  test("looks at the clock after every large entry, so that a few of them do not hold the loop", () => {
    expect(appliedInOneTurn(100, 16_000)).toBe(5);
  });

  test("looks at the clock seldom while entries are small", () => {
    expect(appliedInOneTurn(100, 20)).toBe(16);
  });
});

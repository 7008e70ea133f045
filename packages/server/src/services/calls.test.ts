import { noMember, toMemberId } from "@quorate/base";
import { Metadata, type ServerCall } from "@quorate/grpc";
import { expect, test } from "vitest";
import { RequestMetrics } from "../metrics/requests.ts";
import { type CallContext, frontRefusal } from "./calls.ts";
import { alarmText } from "./maintenance.ts";

const range = "/etcdserverpb.KV/Range";

function refusal(member: { isLearner?: boolean; lead?: bigint }, metadata: Record<string, string>): string | undefined {
  const context = {
    member: { isLearner: false, lead: toMemberId(1n), ...member },
    metrics: new RequestMetrics(),
  } as unknown as CallContext;
  const call = { path: range, metadata: new Metadata() };
  for (const [name, value] of Object.entries(metadata)) call.metadata.add(name, value);
  return frontRefusal(context, call as unknown as ServerCall)?.code;
}

test("a client's version is text in UTF-8 or the call is refused, after what a learner refuses", () => {
  expect(refusal({}, { "client-api-version": "3.6" })).toBeUndefined();
  expect(refusal({}, { "client-api-version": "\xc3\xa9" })).toBeUndefined();
  expect(refusal({}, { "client-api-version": "\xff" })).toBe("invalidClientApiVersion");
  expect(refusal({ lead: noMember }, { "client-api-version": "\xff", hasleader: "true" })).toBe(
    "invalidClientApiVersion",
  );
  expect(refusal({ isLearner: true }, { "client-api-version": "\xff" })).toBe("notSupportedForLearner");
  expect(refusal({ lead: noMember }, { hasleader: "true" })).toBe("noLeader");
  expect(refusal({ lead: noMember }, { hasleader: "TRUE" })).toBeUndefined();
});

test("an alarm is told without a member that is 0, and by its number when its type has no name", () => {
  expect(alarmText({ memberId: toMemberId(5n), alarm: 1 })).toBe("memberID:5 alarm:NOSPACE ");
  expect(alarmText({ memberId: noMember, alarm: 2 })).toBe("alarm:CORRUPT ");
  expect(alarmText({ memberId: toMemberId(5n), alarm: 7 })).toBe("memberID:5 alarm:7 ");
});

import { createHash } from "node:crypto";
import { hexId, toMemberId } from "@quorate/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterIdFor, memberIdFor, RequestIds } from "./identity.ts";
import { sha1 } from "./sha1.ts";

test("SHA-1 agrees with the platform's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(Buffer.from(sha1(bytes)).toString("hex")).toBe(createHash("sha1").update(bytes).digest("hex"));
    }),
    { numRuns: 500 },
  );
});

test("a bootstrap member id hashes sorted URLs and the token", () => {
  const digest = createHash("sha1").update("http://a:2380http://b:2380etcd-cluster").digest("hex").slice(0, 16);
  expect(hexId(memberIdFor(["http://b:2380", "http://a:2380"], "etcd-cluster"))).toBe(digest.replace(/^0+/, ""));
});

test("a later member's id hashes the time instead of a token", () => {
  const digest = createHash("sha1").update("http://a:23801700000000").digest("hex").slice(0, 16);
  expect(hexId(memberIdFor(["http://a:2380"], "", 1_700_000_000))).toBe(digest.replace(/^0+/, ""));
});

test("a cluster id does not depend on the order of its members", () => {
  const a = toMemberId(0xffffffffffffffffn);
  const b = toMemberId(3n);
  expect(clusterIdFor([a, b])).toBe(clusterIdFor([b, a]));
  const bytes = Buffer.from("0000000000000003ffffffffffffffff", "hex");
  expect(hexId(clusterIdFor([a, b]))).toBe(
    createHash("sha1").update(bytes).digest("hex").slice(0, 16).replace(/^0+/, ""),
  );
});

test("request ids carry the member and count up", () => {
  const ids = new RequestIds(toMemberId(0x1234_5678_9abc_74bdn), 1_700_000_000_000);
  const first = ids.nextSerial();
  expect(ids.origin).toBe(0x74bd);
  expect(first).toBe((1_700_000_000_000 % 2 ** 40) * 256 + 1);
  expect(ids.nextSerial()).toBe(first + 1);
  expect(hexId(ids.whole(first)).startsWith("74bd")).toBe(true);
});

test("request ids of a member that started with its clock before 1970 are whole and count up", () => {
  const ids = new RequestIds(toMemberId(0x1234_5678_9abc_74bdn), -315_360_000_000.5);
  const first = ids.nextSerial();
  expect(first).toBe((2 ** 40 - 315_360_000_001) * 256 + 1);
  expect(ids.nextSerial()).toBe(first + 1);
  expect(hexId(ids.whole(first)).startsWith("74bd")).toBe(true);
});

test("ids equal those that a real server gave", () => {
  const member = memberIdFor(["http://127.0.0.1:43101"], "tok-pf");
  expect(hexId(member)).toBe("b424a71d8a5a74bd");
  expect(hexId(clusterIdFor([member]))).toBe("51da9f9d4a4bf362");
  expect(hexId(memberIdFor(["http://127.0.0.1:43201", "http://127.0.0.1:43200"], "", 1_795_207_227))).toBe(
    "aa3f793b4f6f1a98",
  );
});

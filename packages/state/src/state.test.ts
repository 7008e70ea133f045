import { type MemberId, toMemberId, utf8Encode } from "@quorate/base";
import {
  decodeInternalRaftRequest,
  encodeInternalRaftRequest,
  encodePutRequest,
  encodeRequest,
  newInternalRaftRequest,
  newPutRequest,
  newRangeRequest,
  newRequest,
  newRequestOp,
  newDeleteRangeRequest,
  newTxnRequest,
  type RequestOp,
  type TxnRequest,
} from "@quorate/api";
import { ConfChangeType } from "@quorate/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkTxn, txnCost } from "./kv-checks.ts";
import { changeContext, memberJson, parseMemberJson } from "./member-record.ts";
import { Membership } from "./membership.ts";
import { confStateJson, parseConfState, Progress } from "./progress.ts";
import { encodeRaftRequest, parseRaftRequest, RequestKind } from "./request.ts";
import { memoryTables } from "./testing/memory-tables.ts";
import { decodeV2Store, encodeV2Store } from "./v2-store.ts";
import { compareMinor, parseVersion } from "./version.ts";

const id = (n: number): MemberId => toMemberId(BigInt(n));
const record = (n: number, isLearner = false) => ({
  id: id(n),
  peerUrls: [`http://h:${n}`],
  isLearner,
  name: "",
  clientUrls: [],
});
const add = (n: number, isLearner = false) => ({
  type: isLearner ? ConfChangeType.addLearnerNode : ConfChangeType.addNode,
  nodeId: id(n),
  member: { record: record(n, isLearner), isPromote: false },
});
const promote = (n: number) => ({
  type: ConfChangeType.addNode,
  nodeId: id(n),
  member: { record: record(n), isPromote: true },
});
const remove = (n: number) => ({ type: ConfChangeType.removeNode, nodeId: id(n), member: undefined });

describe("request envelope", () => {
  test("is what the generated codec makes of the same request, byte for byte", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.oneof(
          fc.uint8Array(),
          fc.constantFrom(32_700, 32_768, 100_000).map((size) => new Uint8Array(size).fill(7)),
        ),
        fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        fc.constantFrom("", "root"),
        fc.nat(),
        (key, value, requestId, username, authRevision) => {
          const put = { ...newPutRequest(), key, value };
          const origin = Number(requestId >> 48n);
          const serial = Number(requestId & 0xffffffffffffn);
          const ours = encodeRaftRequest(RequestKind.put, encodePutRequest(put), {
            origin,
            serial,
            username,
            authRevision,
          });
          const header = { id: requestId as never, username, authRevision };
          const theirs = encodeInternalRaftRequest({ ...newInternalRaftRequest(), put, header });
          expect(Buffer.from(ours).equals(theirs)).toBe(true);
          const parsed = parseRaftRequest(ours);
          expect([parsed.origin, parsed.serial, parsed.kind]).toEqual([origin, serial, RequestKind.put]);
          expect([parsed.username, parsed.authRevision]).toEqual([username, authRevision]);
          const decoded = decodeInternalRaftRequest(ours).put;
          expect(decoded?.key).toEqual(key);
          expect(Buffer.compare(decoded?.value ?? key, value)).toBe(0);
        },
      ),
    );
  });

  test("knows a bare request of the v2 store", () => {
    const bare = encodeRequest({
      ...newRequest(),
      id: 0x1234_0000_0000_0007n as never,
      method: "PUT",
      path: "/0/version",
      val: "3.4.0",
    });
    const parsed = parseRaftRequest(bare);
    expect([parsed.kind, parsed.origin, parsed.serial]).toEqual([RequestKind.v2, 0x1234, 7]);
  });

  test("takes an empty entry for that of a new leader", () => {
    expect(parseRaftRequest(new Uint8Array(0)).kind).toBe(RequestKind.none);
  });
});

describe("membership", () => {
  test("validates in etcd's order", () => {
    const membership = new Membership(memoryTables(), 1);
    for (const n of [1, 2]) membership.apply(add(n));
    expect(membership.validate(add(1))).toBe("memberExist");
    expect(
      membership.validate({
        ...add(3),
        member: { record: { ...record(3), peerUrls: ["http://h:2"] }, isPromote: false },
      }),
    ).toBe("peerUrlExist");
    expect(membership.validate(promote(9))).toBe("memberNotFound");
    expect(membership.validate(promote(1))).toBe("memberNotLearner");
    membership.apply(add(4, true));
    expect(membership.validate(add(5, true))).toBe("tooManyLearners");
    expect(membership.validate(promote(4))).toBeUndefined();
    membership.apply(promote(4));
    expect(membership.get(id(4))?.isLearner).toBe(false);
    membership.apply(remove(4));
    expect(membership.validate(add(4))).toBe("memberNotFound");
    expect(membership.validate(remove(4))).toBe("memberNotFound");
    expect(membership.isRemoved(id(4))).toBe(true);
  });

  test("an update of a learner's URLs leaves it a learner", () => {
    const membership = new Membership(memoryTables(), 1);
    membership.apply(add(1, true));
    const update = { ...record(1), peerUrls: ["http://other:1"] };
    membership.apply({ type: ConfChangeType.updateNode, nodeId: id(1), member: { record: update, isPromote: false } });
    expect(membership.get(id(1))).toMatchObject({ isLearner: true, peerUrls: ["http://other:1"] });
  });

  test("comes back from its tables", () => {
    const tables = memoryTables();
    const membership = new Membership(tables, 1);
    membership.apply(add(1));
    membership.apply(add(2));
    membership.setAttributes(id(2), "two", ["http://c:2"]);
    membership.apply(remove(1));
    membership.setClusterVersion("3.6.0");
    const again = new Membership(tables, 1);
    expect(again.list()).toEqual(membership.list());
    expect(again.removed()).toEqual([id(1)]);
    expect(again.clusterVersion).toBe("3.6.0");
  });

  test("writes member JSON with all 64 bits and Go's escapes", () => {
    const member = { ...record(1), id: toMemberId(2n ** 64n - 1n), name: "a<b>&", clientUrls: ["http://c:1"] };
    const json = memberJson(member);
    expect(json).toBe(
      '{"id":18446744073709551615,"peerURLs":["http://h:1"],"name":"a\\u003cb\\u003e\\u0026","clientURLs":["http://c:1"]}',
    );
    expect(parseMemberJson(utf8Encode(json)).record).toEqual(member);
    expect(parseMemberJson(changeContext(member, true)).isPromote).toBe(true);
  });

  test("travels through the v2 store's JSON", () => {
    const membership = new Membership(memoryTables(), 1);
    membership.apply(add(1));
    membership.apply(add(2, true));
    membership.apply(add(3));
    membership.apply(remove(3));
    membership.setAttributes(id(1), "one", ["http://c:1"]);
    membership.setClusterVersion("3.5.0");
    const decoded = decodeV2Store(encodeV2Store(membership));
    expect(decoded?.members).toEqual(membership.list());
    expect(decoded?.removed).toEqual([id(3)]);
    expect(decoded?.clusterVersion).toBe("3.5.0");
    expect(decodeV2Store(new Uint8Array(0))).toBeUndefined();
  });
});

describe("progress", () => {
  test("is written only when it is asked to, and read again", () => {
    const { meta } = memoryTables();
    const progress = new Progress(meta);
    progress.advance(7, 2);
    progress.setConfState({
      voters: [id(1)],
      learners: [id(2)],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    });
    expect(new Progress(meta).index).toBe(0);
    progress.write();
    const again = new Progress(meta);
    expect([again.index, again.term]).toEqual([7, 2]);
    expect(again.confState).toEqual(progress.confState);
    expect(() => again.advance(7, 2)).toThrow("the consistent index only grows");
  });

  test("keeps ids of 64 bits in the configuration's JSON (M42)", () => {
    const text = '{"voters":[18446744073709551615,3],"auto_leave":false}';
    expect(confStateJson(parseConfState(text))).toBe('{"voters":[3,18446744073709551615],"auto_leave":false}');
  });
});

describe("transaction checks", () => {
  const key = (text: string): Uint8Array => utf8Encode(text);
  const put = (k: string): RequestOp => ({ ...newRequestOp(), requestPut: { ...newPutRequest(), key: key(k) } });
  const del = (k: string, end = ""): RequestOp => ({
    ...newRequestOp(),
    requestDeleteRange: { ...newDeleteRangeRequest(), key: key(k), rangeEnd: key(end) },
  });
  const range = (k: string): RequestOp => ({ ...newRequestOp(), requestRange: { ...newRangeRequest(), key: key(k) } });
  const nested = (txn: Partial<TxnRequest>): RequestOp => ({
    ...newRequestOp(),
    requestTxn: { ...newTxnRequest(), ...txn },
  });
  const check = (txn: Partial<TxnRequest>) => checkTxn({ ...newTxnRequest(), ...txn }, 128);

  test("a key is put once per branch", () => {
    expect(check({ success: [put("a"), put("a")] })).toBe("duplicateKey");
    expect(check({ success: [put("a")], failure: [put("a")] })).toBeUndefined();
    expect(check({ failure: [put("a"), nested({ success: [put("a")] })] })).toBe("duplicateKey");
    expect(check({ success: [nested({ success: [put("a")], failure: [put("a")] })] })).toBeUndefined();
    expect(check({ success: [nested({ success: [put("a")] }), nested({ failure: [put("a")] })] })).toBe("duplicateKey");
  });

  test("what is put is not deleted in the same branch", () => {
    expect(check({ success: [put("b"), del("a", "c")] })).toBe("duplicateKey");
    expect(check({ success: [put("c"), del("a", "c")] })).toBeUndefined();
    expect(check({ success: [put("b"), nested({ success: [del("b")] })] })).toBe("duplicateKey");
    expect(check({ success: [del("a", "c"), del("b")] })).toBeUndefined();
    // As etcd judges: by what stands before a nested transaction, and by this level's own deletes and puts.
    expect(check({ success: [nested({ success: [del("b")] }), nested({ success: [put("b")] })] })).toBe("duplicateKey");
    expect(check({ success: [nested({ success: [put("b")] }), nested({ success: [del("b")] })] })).toBeUndefined();
    expect(check({ success: [nested({ success: [put("b")] }), del("b")] })).toBe("duplicateKey");
    expect(check({ success: [range("a"), put("a")] })).toBeUndefined();
  });

  test("operations are counted per level, and a nested level has what is left", () => {
    const many = (n: number): RequestOp[] => Array.from({ length: n }, (_unused, i) => put(`k${i}`));
    expect(check({ success: many(128) })).toBeUndefined();
    expect(check({ success: many(129) })).toBe("tooManyOps");
    expect(check({ success: [nested({ success: many(127) })] })).toBeUndefined();
    expect(check({ success: [nested({ success: many(128) })] })).toBe("tooManyOps");
  });

  test("an operation without content and an empty key are refused", () => {
    expect(check({ success: [newRequestOp()] })).toBe("keyNotFound");
    expect(check({ success: [put("")] })).toBe("emptyKey");
  });

  test("the cost is that of the dearer branch", () => {
    const txn = { ...newTxnRequest(), success: [put("a"), put("b")], failure: [put("c")] };
    expect(txnCost(txn)).toBe(2 * 257);
  });
});

test("versions compare by major and minor", () => {
  const at = (text: string) => parseVersion(text) ?? { major: 0, minor: 0, patch: 0 };
  expect(compareMinor(at("3.6.14"), at("3.6.0"))).toBe(0);
  expect(compareMinor(at("3.5.9"), at("3.6.0"))).toBeLessThan(0);
  expect(parseVersion("not_decided")).toBeUndefined();
  expect(parseVersion("3.6.0-rc.1+x")).toEqual({ major: 3, minor: 6, patch: 0 });
});

/** Calls that are no random choice: bad input of the Cluster and Maintenance services, health, sizes, unknown methods. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realBinary, Scope, waitFor } from "../../support/index.ts";
import { type Answer, masked } from "./answers.ts";
import { comparable, difference } from "./compare.ts";
import { Pair, type Request, type Side } from "./pair.ts";
import type { Tree } from "./schema.ts";

const oracle = process.env["DIFF_ETCD"] ?? "etcd-3.6";
const scope = new Scope();
afterAll(() => scope.close());

const kv = (method: string, body: Tree): Request => ({ method: `etcdserverpb.KV/${method}`, body });
const cluster = (method: string, body: Tree): Request => ({ method: `etcdserverpb.Cluster/${method}`, body });
const maintenance = (method: string, body: Tree): Request => ({ method: `etcdserverpb.Maintenance/${method}`, body });
const health = (method: string, body: Tree): Request => ({ method: `grpc.health.v1.Health/${method}`, body });

const shown = ({ method, body, metadata }: Request): string => {
  const text = JSON.stringify({ ...body, ...metadata });
  return `${method} ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
};

describe.skipIf(realBinary(oracle) === undefined)(`${oracle} and we, asked one thing`, () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(scope, { oracle });
  });

  /** Asks one after the other; returns what differs. */
  async function differences(requests: readonly Request[]): Promise<string[]> {
    const found: string[] = [];
    for (const request of requests) {
      const [theirs, ours] = named(request, await pair.call(request));
      const text = difference(comparable(request, theirs), comparable(request, ours));
      if (text !== undefined) found.push(`${shown(request)}: ${text}`);
    }
    return found;
  }

  /** Calls the member that was added last `other`, also in the answers: its id comes from the second it was added in. */
  function named({ method }: Request, answers: readonly [Answer, Answer]): readonly [Answer, Answer] {
    const [theirs, ours] = answers;
    if (!method.endsWith("/MemberAdd") || theirs.code !== 0 || ours.code !== 0) return answers;
    const [left, right] = pair.sides;
    return [renamed(theirs, left), renamed(ours, right)];
  }

  function renamed(answer: Answer, side: Side): Answer {
    side.name("other", BigInt((answer.body as { member: { id: string } }).member.id));
    return { ...answer, body: JSON.parse(masked(JSON.stringify(answer.body), side.mask)) as Answer["body"] };
  }

  test("refuses the same requests to the cluster service", async () => {
    const bad = ["127.0.0.1:1", "ftp://127.0.0.1:1", "http://127.0.0.1:1/path", "http://127.0.0.1", "http://", "", "x"];
    const urls = [[], ...bad.map((url) => [url]), ["http://127.0.0.1:1", "ftp://127.0.0.1:2"]];
    const more = ["http://127.0.0.1:1/", "http://[::1]", "http://:1x", "http://a b:1", "unix://a:1/b", " http://a:1 "];
    expect(
      await differences([
        cluster("MemberList", {}),
        cluster("MemberList", { linearizable: true }),
        ...[...urls, ...more.map((url) => [url])].map((peerURLs) =>
          // What is no refusal would take the quorum away: all of them as learners, of which there may be one.
          cluster("MemberAdd", { peerURLs, isLearner: true }),
        ),
        ...[0, 1, 1234, "self", "-1"].map((id) => cluster("MemberPromote", { id })),
        ...[0, 1, 1234, "self", "-1"].map((id) => cluster("MemberRemove", { id })),
        ...[0, 1, 1234, "-1"].map((id) => cluster("MemberUpdate", { id, peerURLs: ["http://127.0.0.1:1"] })),
        cluster("MemberList", {}),
        cluster("MemberRemove", { id: "other" }),
      ]),
    ).toEqual([]);
  });

  test("tell the same of a learner that comes, cannot be promoted, moves and goes", async () => {
    const learner = { peerURLs: ["http://127.0.0.1:3", "http://127.0.0.1:2"], isLearner: true };
    expect(
      await differences([
        // Not a URL that comes again: added in the second of its removal it would have the id that was removed.
        cluster("MemberAdd", { peerURLs: ["http://127.0.0.1:8"], isLearner: true }),
        cluster("MemberRemove", { id: "other" }),
        cluster("MemberAdd", learner),
        cluster("MemberAdd", { peerURLs: ["http://127.0.0.1:2"] }),
        cluster("MemberAdd", { peerURLs: ["http://127.0.0.1:7"], isLearner: true }),
        cluster("MemberList", {}),
        cluster("MemberPromote", { id: "other" }),
        cluster("MemberUpdate", { id: "self", peerURLs: ["http://127.0.0.1:2"] }),
        cluster("MemberUpdate", { id: "other", peerURLs: ["http://127.0.0.1:4", "http://127.0.0.1:5"] }),
        cluster("MemberUpdate", { id: "other", peerURLs: ["http://127.0.0.1:5"] }),
        cluster("MemberList", { linearizable: true }),
        maintenance("MoveLeader", { targetId: "other" }),
        cluster("MemberRemove", { id: "self" }),
        cluster("MemberRemove", { id: "other" }),
        cluster("MemberRemove", { id: "other" }),
        cluster("MemberPromote", { id: "other" }),
        cluster("MemberUpdate", { id: "other", peerURLs: ["http://127.0.0.1:5"] }),
        cluster("MemberList", {}),
      ]),
    ).toEqual([]);
  });

  test("answer the maintenance service alike", async () => {
    const alarms = [0, 1, 2, 3, "-1"];
    expect(
      await differences([
        maintenance("Status", {}),
        ...[0, 1, 1234, "self", "-1"].map((targetId) => maintenance("MoveLeader", { targetId })),
        kv("Put", { key: "a", value: "1" }),
        ...[0, "now", "now+1", "1", "-1", "9223372036854775807"].map((revision) => maintenance("HashKV", { revision })),
        ...alarms.map((alarm) => maintenance("Alarm", { action: 0, alarm })),
        ...alarms.map((alarm) => maintenance("Alarm", { action: 2, memberId: "self", alarm })),
        maintenance("Alarm", { action: 1, memberId: "self", alarm: 0 }),
        ...["self", 5, 5].map((memberId) => maintenance("Alarm", { action: 1, memberId, alarm: 1 })),
        maintenance("Alarm", { action: 1, memberId: 0, alarm: 3 }),
        maintenance("Alarm", {}),
        maintenance("Status", {}),
        kv("Put", { key: "a", value: "1" }),
        kv("Put", {}),
        kv("DeleteRange", { key: "b" }),
        kv("Txn", { success: [{ requestPut: { key: "a" } }] }),
        kv("Txn", { success: [{ requestDeleteRange: { key: "zz" } }] }),
        kv("Range", { key: "a" }),
        maintenance("Alarm", { action: 1, memberId: 5, alarm: 2 }),
        ...[kv("Put", { key: "a" }), kv("DeleteRange", { key: "b" }), kv("Compact", { revision: 1 })],
        kv("Txn", { success: [{ requestDeleteRange: { key: "zz" } }] }),
        kv("Txn", { success: [{ requestRange: { key: "zz" } }] }),
        kv("Range", { key: "a" }),
        ...["self", 5, 0].flatMap((memberId) =>
          [1, 2, 3].map((alarm) => maintenance("Alarm", { action: 2, memberId, alarm })),
        ),
        maintenance("Alarm", {}),
        maintenance("Status", {}),
      ]),
    ).toEqual([]);
  });

  test.skipIf(oracle === "etcd-3.5")("find the same storage version, once etcd knows it", async () => {
    const [, ours] = await waitFor("etcd to know its storage version", async () => {
      const answers = await pair.call(maintenance("Status", {}));
      const version = (answers[0].body as { storageVersion: string }).storageVersion;
      return version === "3.6.0" || version === "3.7.0" ? answers : undefined;
    });
    expect((ours.body as { storageVersion: string }).storageVersion).toBe("3.6.0");
  });

  test("check the same sizes and shapes", async () => {
    const big = (bytes: number): Request => kv("Put", { key: "big", value: "x".repeat(bytes) });
    const mib = 1024 * 1024;
    const ranges = (count: number): Tree[] =>
      Array.from({ length: count }, () => ({ requestRange: { key: "a", countOnly: true } }));
    const compares = (count: number): Tree[] => Array.from({ length: count }, () => ({ key: "a" }));
    const nest = (depth: number): Tree =>
      depth === 0 ? { success: ranges(1) } : { success: [{ requestTxn: nest(depth - 1) }] };
    expect(
      await differences([
        ...[1.5 * mib - 64, 1.5 * mib - 8, 1.5 * mib, 2 * mib - 100, 2 * mib, 3 * mib].map(big),
        kv("Txn", { success: [{ requestPut: { key: "b", value: "x".repeat(1.6 * mib) } }] }),
        kv("Range", { key: "k".repeat(1.7 * mib) }),
        ...[127, 128, 129].map((count) => kv("Txn", { success: ranges(count) })),
        ...[127, 128, 129].map((count) => kv("Txn", { failure: ranges(count), compare: compares(129 - count) })),
        ...[128, 129].map((count) => kv("Txn", { compare: compares(count) })),
        ...[126, 127, 128].map((count) => kv("Txn", { success: [{ requestTxn: { failure: ranges(count) } }] })),
        ...[3, 50, 126, 127, 128].map((depth) => kv("Txn", nest(depth))),
        kv("Range", { key: "big", serializable: true }),
      ]),
    ).toEqual([]);
  });

  test("take the same puts and deletes of one key in a transaction", async () => {
    const put = (key: string): Tree => ({ requestPut: { key, value: "v" } });
    const del = (key: string, rangeEnd = ""): Tree => ({
      requestDeleteRange: rangeEnd === "" ? { key } : { key, rangeEnd },
    });
    const nested = (...success: Tree[]): Tree => ({ requestTxn: { success } });
    const lists = [
      [put("x1"), put("x1")],
      [put("x1"), del("x1")],
      [del("x1"), put("x1")],
      [put("x1"), del("x", "y")],
      [put("x1"), del("x", "\0")],
      [put("x1"), nested(put("x1"))],
      [put("x1"), nested(del("x1"))],
      [nested(put("x1")), nested(del("x1"))],
      [nested(del("x1")), nested(put("x1"))],
      [nested(put("x1")), del("x1")],
      [nested(put("x1"), nested(del("x1")))],
      [nested(nested(put("x1"))), nested(nested(del("x", "z")))],
      [{ requestTxn: { success: [put("x1")], failure: [put("x1")] } }],
      [{ requestTxn: { success: [put("x1")], failure: [del("x1")] } }],
    ];
    const all = kv("Range", { key: "\0", rangeEnd: "\0" });
    expect(await differences(lists.flatMap((success) => [kv("Txn", { success }), all]))).toEqual([]);
  });

  test("know the same methods and metadata", async () => {
    const paths = [
      "etcdserverpb.KV/Nope",
      "etcdserverpb.Nope/Range",
      "etcdserverpb.KV/",
      "etcdserverpb.KV",
      "a/b/c",
      "/",
    ];
    // The method that 3.7 added.
    const added = oracle === "etcd-3.7" ? [] : ["etcdserverpb.KV/RangeStream"];
    const at = (metadata: Record<string, string>): Request => ({ ...kv("Range", { key: "a" }), metadata });
    const versions = oracle === "etcd-3.5" ? [] : [at({ "client-api-version": "\xff\xfe" })];
    expect(
      await differences([
        ...[...paths, ...added].map((method) => ({ method, body: {} })),
        ...["true", "false", "TRUE", "1", ""].map((hasleader) => at({ hasleader })),
        at({ token: "nobody" }),
        at({ authorization: "Bearer nobody" }),
        at({ "client-api-version": "3.6" }),
        ...versions,
      ]),
    ).toEqual([]);
  });

  test("tell the same of their health", async () => {
    expect(
      await differences([
        health("Check", {}),
        ...["", "x", "etcdserverpb.KV", "grpc.health.v1.Health"].map((service) => health("Check", { service })),
        health("List", {}),
      ]),
    ).toEqual([]);
    for (const body of [{}, { service: "x" }]) {
      const [theirs, ours] = await pair.stream(health("Watch", body), 1);
      expect(ours).toEqual(theirs);
    }
  });

  test("refuse messages that cannot be decoded with the same code", async () => {
    // Truncated, a group that never ends, a wire type that does not exist, a field of number 0, a varint without end.
    const broken = ["0a05", "0b", "0f", "0001", "08ffffffffffffffffffff01", "0aff"];
    const methods = [
      "etcdserverpb.KV/Range",
      "etcdserverpb.KV/Put",
      "etcdserverpb.KV/Txn",
      "etcdserverpb.Cluster/MemberAdd",
    ];
    const found: string[] = [];
    for (const method of methods) {
      for (const $raw of broken) {
        const [theirs, ours] = await pair.call({ method, body: { $raw } });
        const text = difference(theirs.code, ours.code);
        if (text !== undefined) found.push(`${method} ${$raw}: ${text}`);
        if (theirs.code === 13) expect(ours.message).toMatch(/^grpc: error unmarshalling request: /);
      }
    }
    expect(found).toEqual([]);
  });
});

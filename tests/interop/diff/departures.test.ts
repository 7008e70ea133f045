/** Where answers differ on purpose: what etcd 3.6 does, and what we do. The random streams keep clear of these. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realBinary, Scope, waitFor } from "../../support/index.ts";
import type { Answer } from "./answers.ts";
import { Pair, type Request } from "./pair.ts";
import type { Tree } from "./schema.ts";

const oracle = "etcd-3.6";
const scope = new Scope();
afterAll(() => scope.close());

const kv = (method: string, body: Tree): Request => ({ method: `etcdserverpb.KV/${method}`, body });
const hash = (revision: number | string): Request => ({
  method: "etcdserverpb.Maintenance/HashKV",
  body: { revision },
});
const field = (answer: Answer, name: string): unknown => (answer.body as Record<string, unknown> | undefined)?.[name];
const notFound = { code: 5, message: "etcdserver: member not found" };
const badUrls = { code: 3, message: "etcdserver: given member URLs are invalid" };

describe.skipIf(realBinary(oracle) === undefined)("on purpose we differ from etcd 3.6", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(scope, { oracle });
  });

  test("a hash at revision 0 is the newest one, also after a compaction at 0, whose hash etcd keeps", async () => {
    await pair.call(kv("Put", { key: "a" }));
    await pair.call(kv("Compact", { revision: 0, physical: true }));
    const [theirs, ours] = await pair.call(hash(0));
    expect(field(theirs, "hashRevision")).toBe(0);
    expect(field(ours, "hashRevision")).toBe(2);
  });

  test("a hash at a revision of a compaction counts from that compaction; etcd's kept one from the compaction before", async () => {
    await pair.call(kv("Put", { key: "a" }));
    await pair.call(kv("Compact", { revision: 2, physical: true }));
    const [theirs, ours] = await pair.call(hash(2));
    expect(field(theirs, "compactRevision")).toBe(0);
    expect(field(ours, "compactRevision")).toBe(2);
    await pair.call(kv("Compact", { revision: 3, physical: true }));
    const [kept, refused] = await pair.call(hash(2));
    expect(kept.code).toBe(0);
    expect(refused).toEqual({ code: 11, message: "etcdserver: mvcc: required revision has been compacted" });
  });

  test("a range end that is sent, and empty, means what one that is not sent means, as in 3.7", async () => {
    await pair.call(kv("Put", { key: "b" }));
    const [theirs, ours] = await pair.call(kv("Range", { key: "a", rangeEnd: "" }));
    expect(field(theirs, "count")).toBe(2);
    expect(field(ours, "count")).toBe(1);
  });

  test("peer URLs that nobody could dial are refused", async () => {
    const update = (id: number, peerURLs: string[]): Request => ({
      method: "etcdserverpb.Cluster/MemberUpdate",
      body: { id, peerURLs },
    });
    expect(await pair.call(update(1234, []))).toEqual([notFound, badUrls]);
    expect(await pair.call(update(1234, ["x"]))).toEqual([notFound, badUrls]);
    for (const url of ["http://127.0.0.1:1?a=b", "http://127.0.0.1:99999", "http://:1"]) {
      const request = { method: "etcdserverpb.Cluster/MemberAdd", body: { peerURLs: [url] } };
      expect(await pair.ours.call(request, {}), url).toEqual(badUrls);
    }
  });

  test("a transaction whose outer range cannot be read is refused by both, and writes nothing", async () => {
    const unreadable = { requestRange: { key: "a", revision: 1_000 } };
    const future = { code: 11, message: "etcdserver: mvcc: required revision is a future revision" };
    const request = kv("Txn", { success: [unreadable, { requestPut: { key: "written" } }] });
    expect(await pair.call(request)).toEqual([future, future]);
    const [theirs, ours] = await pair.call(kv("Range", { key: "written" }));
    expect(field(theirs, "count")).toBe(0);
    // Ours is refused before it is proposed: members of etcd that nobody asked would write.
    expect(field(ours, "count")).toBe(0);
  });

  test("an unknown alarm action is a success without alarms; etcd ends", async () => {
    const request = { method: "etcdserverpb.Maintenance/Alarm", body: { action: 9 } };
    expect(await pair.ours.call(request, {})).toMatchObject({ code: 0, body: { alarms: [] } });
  });

  test("a key that one transaction deletes and puts again survives a compaction; etcd's is lost, and its read ends etcd", async () => {
    const success = [
      { requestDeleteRange: { key: "again", rangeEnd: "\0" } },
      { requestPut: { key: "again", value: "v" } },
    ];
    await pair.call(kv("Put", { key: "again" }));
    await pair.call(kv("Txn", { success }));
    const read = kv("Range", { key: "again" });
    const before = await pair.call(read);
    expect(before.map((answer) => field(answer, "count"))).toEqual([1, 1]);
    await pair.call(kv("Compact", { revision: "now", physical: true }));
    const [theirs, ours] = await pair.call(read);
    expect(ours).toEqual(before[1]);
    expect(theirs.code).toBe(14);
    await waitFor("etcd to end", () => pair.oracle.member.process.exit !== undefined);
  });

  test("a put in the same transaction behind the delete of what it wants to keep is empty; etcd ends", async () => {
    pair = await Pair.start(scope, { oracle });
    await pair.call(kv("Put", { key: "k", value: "v" }));
    const trap = kv("Txn", {
      success: [{ requestDeleteRange: { key: "k", rangeEnd: "\0" } }, { requestPut: { key: "k", ignoreValue: true } }],
    });
    const [theirs, ours] = await pair.call(trap);
    expect(theirs.code).toBe(14);
    await waitFor("etcd to end", () => pair.oracle.member.process.exit !== undefined);
    expect(ours.code).toBe(0);
    expect(await pair.ours.call(kv("Range", { key: "k" }), {})).toMatchObject({ body: { kvs: [{ value: "" }] } });
  });
});

/** HTTP on both ports, request by request: status, body, content type, and the headers that clients and peers look at. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realBinary, Scope } from "../../support/index.ts";
import { difference } from "./compare.ts";
import { type HttpAnswer, type HttpAsk, Pair, type Side } from "./pair.ts";
import { encode, type Schema, type Tree } from "./schema.ts";

const scope = new Scope();
afterAll(() => scope.close());

const comparedHeaders = [
  ...["content-type", "x-content-type-options", "allow", "location", "x-etcd-cluster-id"],
  ...["access-control-allow-methods", "access-control-allow-origin", "access-control-allow-headers"],
];

interface Ask extends HttpAsk {
  /** The body carries words of a parser. */
  readonly ownWords?: boolean;
  /** A body that names what each side knows by an id of its own. */
  readonly bodyOf?: (side: Side) => Uint8Array;
}

/** What both must agree on. */
function neutral({ status, headers, body }: HttpAnswer, { ownWords = false }: Ask): object {
  const picked = comparedHeaders.map((name) => [name, headers[name]]);
  // What is built with Go 1.26 redirects by 307.
  const neutralStatus = status === 307 ? 301 : status;
  return { status: neutralStatus, headers: Object.fromEntries(picked), body: ownWords ? "" : neutralBody(body) };
}

const oracle = process.env["DIFF_ETCD"] ?? "etcd-3.6";

function neutralBody(body: string): string {
  // Alone in its cluster each raises the cluster's version to its own.
  const told = oracle === "etcd-3.6" ? body : body.replace(/"etcdcluster":"3\.\d\.0"/, '"etcdcluster":"V"');
  const text = told
    .replace(/"etcdserver":"[\d.]+"/, '"etcdserver":"V"')
    .replace(/"storage":"(3\.[567]\.0|unknown)"/, '"storage":"V"')
    .replace(/"Now":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"/, '"Now":"T"')
    .replace("Temporary Redirect</a>", "Moved Permanently</a>")
    .replaceAll(/\b[0-9a-f]{15,16}\b/g, "ID");
  // Checks come in any order.
  return /^\[[+-]\]/m.test(text) ? text.split("\n").sort().join("\n") : text;
}

async function answersTo(pair: Pair, { bodyOf, ...ask }: Ask): Promise<readonly [HttpAnswer, HttpAnswer]> {
  if (bodyOf === undefined) return await pair.http(ask);
  const answers = pair.sides.map((side) => side.http({ ...ask, body: bodyOf(side) }));
  return (await Promise.all(answers)) as [HttpAnswer, HttpAnswer];
}

async function differences(pair: Pair, asks: readonly Ask[]): Promise<string[]> {
  const found: string[] = [];
  for (const ask of asks) {
    const [theirs, ours] = await answersTo(pair, ask);
    const text = difference(neutral(theirs, ask), neutral(ours, ask));
    if (text !== undefined)
      found.push(`${ask.method ?? "GET"} ${ask.path} ${JSON.stringify(ask.headers ?? {})}: ${text}`);
  }
  return found;
}

const snapshotSchema: Schema = {
  metadata: {
    no: 2,
    kind: { confState: { no: 1, kind: {} }, index: { no: 2, kind: "number" }, term: { no: 3, kind: "number" } },
  },
};
const messageSchema: Schema = {
  type: { no: 1, kind: "number" },
  to: { no: 2, kind: "number" },
  from: { no: 3, kind: "number" },
  term: { no: 4, kind: "number" },
  snapshot: { no: 9, kind: snapshotSchema },
};

/** A message of raft, and what takes its place in the body of a snapshot. */
const message = (tree: Tree) => (side: Side) => encode(messageSchema, tree, side.ids);
const upload = (tree: Tree) => (side: Side) => {
  const bytes = message(tree)(side);
  return Buffer.concat([Uint8Array.from([0, 0, 0, 0, 0, 0, 0, bytes.length]), bytes]);
};

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

describe.skipIf(realBinary(oracle) === undefined)(`${oracle}'s client port and ours`, () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(scope, { oracle });
  });

  test("give the same versions and health", async () => {
    const get = (path: string): HttpAsk => ({ path });
    expect(
      await differences(pair, [
        ...[
          "/version",
          "/health",
          "/livez",
          "/readyz",
          "/livez/serializable_read",
          "/livez/x",
          "/nothing",
          "/",
        ].flatMap((path) => methods.map((method) => ({ path, method }))),
        ...["/version/", "/version?x=1", "/version/x", "/health/", "/health/x"].map(get),
        ...["/health?serializable=true", "/health?serializable=1", "/health?exclude=NOSPACE", "/health?x=%zz"].map(get),
        ...["/livez/", "/readyz/", "/livez/x", "/readyz/x", "/livez?verbose", "/readyz?verbose=false"].map(get),
        ...["data_corruption", "serializable_read", "linearizable_read", "non_learner"].flatMap((check) =>
          [`/livez/${check}`, `/readyz/${check}`, `/readyz/${check}?verbose`, `/readyz?verbose&exclude=${check}`].map(
            get,
          ),
        ),
        ...["/readyz?exclude=nothing&verbose", "/readyz/non_learner?exclude=non_learner", "/readyz/non_learner/x"].map(
          get,
        ),
        ...["/livez?exclude=serializable_read", "/livez?verbose&exclude=serializable_read", "/LIVEZ"].map(get),
        ...["/v2/members", "/v2/keys", "/members", "/raft", "/debug/pprof/", "/config/local/log"].map(get),
      ]),
    ).toEqual([]);
  });

  test("tell of alarms alike", async () => {
    const asks = [
      "/health",
      "/health?exclude=NOSPACE",
      "/health?exclude=CORRUPT",
      "/readyz",
      "/livez",
      "/readyz?verbose",
    ];
    for (const alarm of [1, 2]) {
      const memberId = "self";
      await pair.call({ method: "etcdserverpb.Maintenance/Alarm", body: { action: 1, memberId, alarm } });
      const more = [
        "/readyz/data_corruption",
        "/readyz?exclude=data_corruption",
        "/health?exclude=NOSPACE&exclude=CORRUPT",
      ];
      expect(
        await differences(
          pair,
          [...asks, ...more].map((path) => ({ path })),
        ),
      ).toEqual([]);
      await pair.call({ method: "etcdserverpb.Maintenance/Alarm", body: { action: 2, memberId, alarm } });
    }
    await pair.call({ method: "etcdserverpb.Maintenance/Alarm", body: { action: 1, memberId: 5, alarm: 7 } });
    expect(
      await differences(
        pair,
        asks.map((path) => ({ path })),
      ),
    ).toEqual([]);
    await pair.call({ method: "etcdserverpb.Maintenance/Alarm", body: { action: 2, memberId: 5, alarm: 7 } });
  });
});

describe.skipIf(realBinary(oracle) === undefined)(`${oracle}'s peer port and ours`, () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(scope, { oracle });
    // A member that was there and is removed; of another one only the id is known.
    const learner = { peerURLs: ["http://127.0.0.1:1"], isLearner: true };
    const added = await pair.call({ method: "etcdserverpb.Cluster/MemberAdd", body: learner });
    for (const [i, { body }] of added.entries()) {
      pair.sides[i]?.name("removed", BigInt((body as { member: { id: string } }).member.id));
    }
    await pair.call({ method: "etcdserverpb.Cluster/MemberRemove", body: { id: "removed" } });
  });

  /** What peers send about themselves. */
  const ids = { "X-Etcd-Cluster-ID": "{cluster}", "X-Server-Version": "3.6.0", "X-Min-Cluster-Version": "3.0.0" };
  const peer = (ask: HttpAsk): HttpAsk => ({ ...ask, peer: true });

  test("answer every method of every path alike", async () => {
    const paths = [
      "/members",
      "/version",
      "/raft",
      "/raft/snapshot",
      "/raft/stream/message/1",
      "/raft/stream/msgapp/1",
    ];
    const more = ["/members/promote/1", "/downgrade/enabled", "/members/", "/raft/", "/raft/stream/"];
    const redirected = ["/raft/stream", "/raft/stream?x=1&y", "/members/promote", "/members/promote?x"];
    const escaped = ["/m%65mbers", "/members%2Fhashkv", "/raft/stream%2Fmessage/1", "/raft%2fprobing"];
    const none = ["/", "/health", "/metrics", "/nothing", "/raft/x", "/version/", "/v2/members", "/members/promote/"];
    const asks = [...paths, ...more, ...redirected, ...escaped, ...none].flatMap((path) =>
      methods.map((method) => peer({ path, method })),
    );
    const broken = ["/%zz", "/%2", "/members/%"].map((path) => peer({ path }));
    expect(await differences(pair, [...asks, ...broken])).toEqual([]);
  });

  test("probe alike", async () => {
    for (const method of ["GET", "POST"]) {
      const [theirs, ours] = await pair.http(peer({ path: "/raft/probing", method }));
      expect([ours.status, Object.keys(JSON.parse(ours.body) as object)]).toEqual([
        theirs.status,
        Object.keys(JSON.parse(theirs.body) as object),
      ]);
      for (const name of comparedHeaders) expect(ours.headers[name]).toBe(theirs.headers[name]);
    }
  });

  const to = { ...ids, "X-Raft-To": "{self}" };
  const stream = (path: string, headers: Record<string, string>): Ask =>
    peer({ path: `/raft/stream/${path}`, headers });
  const snapshot = (headers: Record<string, string>, body: string): Ask =>
    peer({ path: "/raft/snapshot", method: "POST", headers, body: Buffer.from(body, "latin1") });
  const pipeline = (headers: Record<string, string>, body: string): Ask =>
    peer({ path: "/raft", method: "POST", headers, body: Buffer.from(body, "latin1") });
  const hash = (body: string, headers: Record<string, string> = {}): Ask =>
    peer({ path: "/members/hashkv", body, headers: { "Content-Length": String(body.length), ...headers } });

  test("refuse the same pipeline, snapshot and stream requests (N14)", async () => {
    const old = { ...ids, "X-Server-Version": "2.3.0" };
    const ahead = { ...ids, "X-Min-Cluster-Version": "4.0.0" };
    const foreign = { ...ids, "X-Etcd-Cluster-ID": "1234" };
    const padded = { ...ids, "X-Etcd-Cluster-ID": "0{cluster}" };
    const candidate = { ...ids, "X-Server-Version": "3.6.0-rc.1+x" };
    const who: readonly Record<string, string>[] = [{}, ids, old, ahead, foreign, padded, candidate];
    const paths = ["other/1234", "message/xyz", "message/", "message", "message/1/2", "message/0", "message/{self}"];
    const versions = ["", "03.6.0", "3.6.0-", "3.6.0+", "1000000.0.0", "3.0.0", "2.9.9"];
    const escaped = ["message%2F1234", "message/1%2F", "mess%61ge/{removed}", "message/{removed}?x=1", "message/%zz"];
    const removed = ["{removed}", "00{removed}", "0000000000000000000000{removed}"].map((id) => `message/${id}`);
    expect(
      await differences(pair, [
        ...who.map((headers) => pipeline(headers, "\xff\xff")),
        // One message to somebody else only: etcd takes five seconds to close the connection behind its answer.
        ...["x", "\x08\x03\x10", "\x08\x08\x10\x01\x18\x01"].map((body) => pipeline(ids, body)),
        ...who.flatMap((headers) => [stream("message/1234", headers), stream("msgapp/1234", headers)]),
        ...[...paths, ...escaped, ...removed, "message/12345678901234567"].map((path) => stream(path, to)),
        ...who.map((headers) => snapshot(headers, "short")),
        ...["", "\0\0\0\0\0\0\0\x02", "\0\0\0\0\0\0\0\x02\x08", "\0\0\0\0\0\0\0\x02\x08\x03"].map((body) =>
          snapshot(ids, body),
        ),
        ...["\0\0\0\0\0\0\0\0", "\0\0\0\0\x04\0\0\x01", "\0\x20\0\0\0\0\0\0", "\xff".repeat(8)].map((body) =>
          snapshot(ids, body),
        ),
        ...versions.flatMap((version) => [
          pipeline({ ...ids, "X-Server-Version": version }, "\xff\xff"),
          pipeline({ ...ids, "X-Min-Cluster-Version": version }, "\xff\xff"),
        ]),
      ]),
    ).toEqual([]);
  });

  test("a version that is none is refused, where etcd breaks the connection", async () => {
    const broken = { ...ids, "X-Server-Version": "3.6" };
    for (const ask of [pipeline(broken, "x"), snapshot(broken, "x")]) {
      const [theirs, ours] = await pair.http(ask);
      expect([theirs.status, ours.status, ours.body]).toEqual([0, 412, "incompatible version\n"]);
    }
  });

  test("take and refuse the same messages", async () => {
    const toSelf = (type: number, more: Tree = {}): Tree => ({ type, to: "self", from: 77, term: 1, ...more });
    const snap = { metadata: { confState: {}, index: 1, term: 1 } };
    const post = (bodyOf: Ask["bodyOf"], path = "/raft"): Ask => ({
      ...peer({ path, method: "POST", headers: ids }),
      ...(bodyOf === undefined ? {} : { bodyOf }),
    });
    expect(
      await differences(pair, [
        ...[0, 1, 4, 6, 8, 9, 10, 11, 12, 19, 23, 99].map((type) => post(message(toSelf(type)))),
        post(message(toSelf(8, { $raw: "980601" }))),
        post(message({ from: "removed", to: 1, type: 8 })),
        post(upload({ type: 7, to: 1, from: 5, snapshot: snap }), "/raft/snapshot"),
        post(upload({ type: 7, to: "self", from: "removed", snapshot: snap }), "/raft/snapshot"),
        post(upload({ type: 7, to: 1, from: "removed", snapshot: snap }), "/raft/snapshot"),
      ]),
    ).toEqual([]);
  });

  test("answer the questions of members alike", async () => {
    const cluster = { "X-Etcd-Cluster-ID": "{cluster}" };
    const hashes = [
      ...["{}", "null", '{"revision":0}', '{"revision":1}', '{"REVISION":1}', '{"revision":-1}', '{"revision":-3}'],
      ...['{"a":1}', '{"revision":null}', '{"revision":-0}', '{"revision":99}', '{"revision":9223372036854775807}'],
    ];
    const noHashes = [
      ...["", "x", "[]", "1", '"x"', '{"revision":"1"}', '{"revision":1.0}', '{"revision":1e0}', '{"revision":01}'],
      ...['{"revision":9223372036854775808}', "{}{}"],
    ];
    const ids = ["0", "1", "{removed:d}", "{self:d}", "x", "-1", "1/2", "18446744073709551616", "", "01", "0x1"];
    const odd = ["000000000000000000000001", "%31", "x%2Fy", "%C3%A9", "1?x=1", "1%20", "+1"];
    expect(
      await differences(pair, [
        ...[...hashes, ...noHashes].map((body) => hash(body, cluster)),
        ...["", "{cluster}", "0", "0{cluster}"].map((id) => hash("{}", { "X-Etcd-Cluster-ID": id })),
        ...[...ids, ...odd].map((id) => peer({ path: `/members/promote/${id}`, method: "POST" })),
        ...["POST", "PUT", "HEAD"].map((method) => peer({ path: "/members/hashkv", method })),
        peer({ path: "/members?x=1" }),
        peer({ path: "/downgrade/enabled?x=1" }),
      ]),
    ).toEqual([]);
  });
});

describe.skipIf(realBinary("etcd-3.4") === undefined)("the v2 members calls of etcd 3.4 and ours", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(scope, { oracle: "etcd-3.4", flags: ["--enable-v2"] });
  });
  const json = { "Content-Type": "application/json" };
  const change = (method: string, path: string, body: string, headers: Record<string, string> = json): HttpAsk => ({
    path: `/v2/members${path}`,
    method,
    body,
    headers,
  });

  test("list and refuse alike", async () => {
    const paths = ["", "/", "/leader", "/leader/", "/1234", "/xyz", "/1234/", "/1234/x", "/{self}", "?x=1"];
    const bodies = [
      "",
      "{}",
      "null",
      '{"peerURLs":[]}',
      '{"peerURLs":null}',
      '{"peerURLs":["x"]}',
      '{"peerURLs":["a:1"]}',
    ];
    const more = ['{"peerURLs":["http://a:1/b"]}', '{"peerURLs":["http://a"]}', '{"peerURLs":["{peer}"]}'];
    const wrong = ["x", "[]", '{"peerURLs":"http://a:1"}', '{"peerURLs":[1]}', '{"peerURLs":["http://a b"]}'];
    const urls = '{"peerURLs":["http://127.0.0.1:1"]}';
    const types = [{}, { "Content-Type": "text/plain" }, { "Content-Type": "application/json; charset=utf-8" }];
    expect(
      await differences(pair, [
        ...paths.flatMap((path) => ["GET", "HEAD", "PATCH", "OPTIONS"].map((method) => change(method, path, "", {}))),
        ...["", "/", "/1234", "/xyz", "/leader", "/1234/x"].map((path) => change("DELETE", path, "", {})),
        ...[...bodies, ...more].map((body) => change("POST", "", body)),
        ...types.map((headers) => change("POST", "", "{}", headers)),
        ...wrong.map((body) => ({ ...change("POST", "", body), ownWords: true })),
        ...wrong.map((body) => ({ ...change("PUT", "/1234", body), ownWords: true })),
        ...["", "/leader", "/1234", "/xyz", "/1234/x"].map((path) => change("PUT", path, urls)),
        ...[...bodies, ...more].map((body) => change("PUT", "/1234", body)),
        ...types.map((headers) => change("PUT", "/1234", urls, headers)),
        change("POST", "/1234", '{"peerURLs":["http://a:1/b"]}'),
        change("DELETE", "/{self}", "", {}),
        change("PUT", "/{self}", '{"peerURLs":["http://127.0.0.1:4","{peer}"]}'),
        change("GET", "", "", {}),
        change("PUT", "/{self}", '{"peerURLs":["{peer}"]}'),
        change("GET", "/leader", "", {}),
      ]),
    ).toEqual([]);
  });
});

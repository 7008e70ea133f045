import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { emptyBytes, hexId, toMemberId, utf8Encode } from "@quorate/base";
import { encodeMessage, MessageType } from "@quorate/raft";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startMember, type TestMember } from "./testing/cluster.ts";
import { testCluster } from "./testing/fake-host.ts";
import { messageWith } from "./testing/messages.ts";

const self = 0xa1n;
const known = toMemberId(0xb2n);
const removed = toMemberId(0xdeadn);

let member: TestMember;

beforeAll(async () => {
  member = await startMember(self, { limits: { readTimeoutMs: 200, redialMs: 60_000 } });
  member.transport.addPeer(known, ["http://127.0.0.1:1"]);
  member.host.removed.add(removed);
});

afterEach(() => {
  member.host.received.length = 0;
  member.host.onStep = () => undefined;
});

afterAll(() => member.transport.close());

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Headers = Record<string, string>;
type SentHeaders = Record<string, string | string[]>;

function ask(method: string, path: string, headers: SentHeaders = {}, body: Uint8Array | string = ""): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${member.url}${path}`, { method, headers, agent: false }, (response) => {
      const reply = (text: string): void =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => reply(text));
      // A stream has no end; its head is the answer.
      if (response.statusCode === 200 && path.startsWith("/raft/stream/")) {
        reply("");
        sent.destroy();
      }
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const identity: Headers = {
  "X-Server-From": "b2",
  "X-Server-Version": "3.4.23",
  "X-Min-Cluster-Version": "3.0.0",
  "X-Etcd-Cluster-ID": hexId(testCluster),
  "X-PeerURLs": "http://127.0.0.1:2",
};
const streamIdentity: Headers = { ...identity, "X-Raft-To": "a1" };
const without = (headers: Headers, ...names: string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

describe("who may talk", () => {
  test.each([
    ["no version", without(identity, "X-Server-Version"), "incompatible version"],
    ["a version before 3.0", { ...identity, "X-Server-Version": "2.3.8" }, "incompatible version"],
    ["a version that is none", { ...identity, "X-Server-Version": "bad" }, "incompatible version"],
    ["more than we are", { ...identity, "X-Min-Cluster-Version": "3.7.0" }, "incompatible version"],
    ["no cluster", without(identity, "X-Etcd-Cluster-ID"), "cluster ID mismatch"],
    ["another cluster", { ...identity, "X-Etcd-Cluster-ID": "1" }, "cluster ID mismatch"],
    ["a padded cluster", { ...identity, "X-Etcd-Cluster-ID": `0${hexId(testCluster)}` }, "cluster ID mismatch"],
  ])("%s is answered 412 on all three paths", async (_what, headers, text) => {
    for (const [method, path] of [
      ["POST", "/raft"],
      ["POST", "/raft/snapshot"],
      ["GET", "/raft/stream/message/b2"],
    ] as const) {
      const reply = await ask(method, path, { ...headers, "X-Raft-To": "a1" });
      expect([reply.status, reply.body]).toEqual([412, `${text}\n`]);
      expect(reply.headers["x-etcd-cluster-id"]).toBe(hexId(testCluster));
      expect(reply.headers["content-type"]).toBe("text/plain; charset=utf-8");
    }
  });

  test("of a header that comes twice the first counts", async () => {
    const cluster = hexId(testCluster);
    const statusOf = async (ids: string[]): Promise<number> =>
      (await ask("GET", "/raft/stream/message/b2", { ...streamIdentity, "X-Etcd-Cluster-ID": ids })).status;
    expect([await statusOf([cluster, "1"]), await statusOf(["1", cluster])]).toEqual([200, 412]);
  });

  test("missing min cluster version counts as 2.0.0; pre-release and build of a version do not count", async () => {
    const headers = { ...without(streamIdentity, "X-Min-Cluster-Version"), "X-Server-Version": "3.7.0-rc.1+git" };
    expect((await ask("GET", "/raft/stream/message/b2", headers)).status).toBe(200);
  });
});

describe("a stream", () => {
  test.each([
    ["another method", "POST", "/raft/stream/message/b2", streamIdentity, 405, "Method Not Allowed"],
    ["an unknown kind", "GET", "/raft/stream/other/b2", streamIdentity, 404, "invalid path"],
    ["no kind", "GET", "/raft/stream/", streamIdentity, 404, "invalid path"],
    ["a sender that is no number", "GET", "/raft/stream/msgapp/xyz", streamIdentity, 404, "invalid from"],
    [
      "a removed sender behind zeros",
      "GET",
      `/raft/stream/msgapp/${"0".repeat(20)}dead`,
      streamIdentity,
      410,
      "removed member",
    ],
    ["a removed sender in escapes", "GET", "/raft/stream/msgapp%2fde%61d?x", streamIdentity, 410, "removed member"],
    ["an id of 65 bits", "GET", "/raft/stream/msgapp/1000000000000dead0", streamIdentity, 404, "invalid from"],
    ["a removed sender", "GET", "/raft/stream/msgapp/dead", streamIdentity, 410, "removed member"],
    [
      "an unknown sender",
      "GET",
      "/raft/stream/msgapp/c3",
      without(streamIdentity, "X-PeerURLs"),
      404,
      "error sender not found",
    ],
    [
      "another target",
      "GET",
      "/raft/stream/msgapp/b2",
      { ...streamIdentity, "X-Raft-To": "b2" },
      412,
      "to field mismatch",
    ],
    [
      "a padded target",
      "GET",
      "/raft/stream/msgapp/b2",
      { ...streamIdentity, "X-Raft-To": "0a1" },
      412,
      "to field mismatch",
    ],
  ])("with %s is refused", async (_what, method, path, headers, status, text) => {
    const reply = await ask(method, path, headers);
    expect([reply.status, reply.body]).toEqual([status, `${text}\n`]);
    expect(reply.headers["allow"]).toBe(status === 405 ? "GET" : undefined);
    expect(reply.headers["x-server-version"]).toBe(status === 405 ? undefined : "3.6.0");
  });

  test("of a known peer is opened at once, chunked, with a heartbeat and our version", async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(member.url).port), "127.0.0.1");
      const lines = Object.entries(streamIdentity).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET /raft/stream/msgapp/b2 HTTP/1.1\r\nHost: x\r\n${lines.join("")}\r\n`);
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (!received.endsWith("\0\r\n")) return;
        socket.destroy();
        resolve(received);
      });
      socket.on("error", reject);
      socket.setTimeout(2_000, () => reject(new Error(`received only ${JSON.stringify(received)}`)));
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\nX-Server-Version: 3\.6\.0\r\n/i);
    expect(text).toMatch(/\r\nTransfer-Encoding: chunked\r\n/i);
    expect(text).toMatch(/\r\n\r\n00000001\r\n\0\r\n$/);
  });
});

describe("a posted message", () => {
  const message = messageWith({ type: MessageType.vote, from: known, to: toMemberId(self), term: 4 });

  test("is handed to raft and answered 204", async () => {
    const reply = await ask("POST", "/raft", identity, encodeMessage(message));
    expect([reply.status, reply.body]).toEqual([204, ""]);
    expect(member.host.received).toEqual([message]);
  });

  test.each([
    ["garbage", utf8Encode("garbage"), 400, "error unmarshalling raft message"],
    [
      "a message from a removed member",
      encodeMessage({ ...message, from: removed }),
      500,
      "error processing raft message",
    ],
    ["a message for another member", encodeMessage({ ...message, to: known }), 500, "error processing raft message"],
  ])("that is %s is refused", async (_what, body, status, text) => {
    const reply = await ask("POST", "/raft", identity, body);
    expect([reply.status, reply.body]).toEqual([status, `${text}\n`]);
    expect(member.host.received).toEqual([]);
  });

  test("that raft cannot take is answered 500", async () => {
    member.host.onStep = () => Promise.reject(new Error("stopped"));
    expect((await ask("POST", "/raft", identity, encodeMessage(message))).status).toBe(500);
  });

  test("that does not come in time is answered 400", async () => {
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(member.url).port), "127.0.0.1");
      const lines = Object.entries(identity).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /raft HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n${lines.join("")}\r\nabc`);
      socket.on("data", (chunk) => {
        socket.destroy();
        resolve(chunk.toString("latin1"));
      });
    });
    expect(reply).toMatch(/^HTTP\/1\.1 400 .*error reading raft message\n$/s);
  });

  test("only comes by POST", async () => {
    const reply = await ask("GET", "/raft", identity);
    expect([reply.status, reply.body, reply.headers["allow"]]).toEqual([405, "Method Not Allowed\n", "POST"]);
  });
});

describe("an uploaded snapshot", () => {
  const confState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const snapshot = { data: utf8Encode("{}"), metadata: { confState, index: 1, term: 1 } };
  const head = (message: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(8 + message.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(message.length));
    bytes.set(message, 8);
    return bytes;
  };

  test.each([
    [
      "no snapshot",
      head(encodeMessage(messageWith({ type: MessageType.app, to: toMemberId(self) }))),
      400,
      "wrong raft message type",
    ],
    ["no message", head(utf8Encode("garbage")), 400, /^failed to decode raft message \(.+\)$/],
    ["a length cut short", utf8Encode("short"), 400, "failed to decode raft message (unexpected EOF)"],
    ["nothing at all", emptyBytes, 400, "failed to decode raft message (EOF)"],
    ["a length and nothing else", head(new Uint8Array(2)).subarray(0, 8), 400, "failed to decode raft message (EOF)"],
    [
      "a message cut short",
      head(new Uint8Array(2)).subarray(0, 9),
      400,
      "failed to decode raft message (unexpected EOF)",
    ],
    ["a message of no bytes", new Uint8Array(8), 400, "wrong raft message type"],
    [
      "a length of 64 bits",
      new Uint8Array(8).fill(0xff),
      400,
      "failed to decode raft message (rafthttp: error limit exceeded)",
    ],
    [
      "over the limit",
      new Uint8Array([0, 0, 0, 0, 4, 0, 0, 1, 0, 0]),
      400,
      "failed to decode raft message (rafthttp: error limit exceeded)",
    ],
    [
      "a removed sender that means somebody else",
      head(encodeMessage(messageWith({ type: MessageType.snap, from: removed, to: known, snapshot }))),
      500,
      "failed to process raft message (cannot process message from removed member)",
    ],
  ])("with %s is refused", async (_what, body, status, text) => {
    const reply = await ask("POST", "/raft/snapshot", identity, body);
    expect(reply.status).toBe(status);
    expect(reply.body.replace(/\n$/, "")).toEqual(typeof text === "string" ? text : expect.stringMatching(text));
  });
});

describe("other paths", () => {
  test.each(["/", "/health", "/metrics", "/members/", "/raft/other", "/leases", "/leases/internal"])(
    "%s is not found",
    async (path) => {
      const reply = await ask("GET", path);
      expect([reply.status, reply.body]).toEqual([404, "404 page not found\n"]);
      expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    },
  );

  test.each([
    ["garbage\r\n\r\n", "400 Bad Request"],
    ["GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "400 Bad Request"],
    [`GET / HTTP/1.1\r\nBig: ${"x".repeat(20_000)}\r\n\r\n`, "431 Request Header Fields Too Large"],
  ])("%.30j is told to be no request", async (bytes, status) => {
    const socket = connect(Number(new URL(member.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.write(bytes);
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const headers = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
    expect(text).toBe(`HTTP/1.1 ${status}\r\n${headers}${status}`);
  });

  test("the stream path without its end redirects, with its query", async () => {
    const got = await ask("GET", "/raft/stream?a&b");
    expect([got.status, got.headers["location"]]).toEqual([301, "/raft/stream/?a&b"]);
    expect(got.body).toBe('<a href="/raft/stream/?a&amp;b">Moved Permanently</a>.\n\n');
    const posted = await ask("POST", "/raft/stream");
    expect([posted.status, posted.headers["content-type"], posted.body]).toEqual([301, undefined, ""]);
  });

  test("paths count as they are when decoded", async () => {
    expect((await ask("GET", "/m%65mbers?x=%zz")).status).toBe(200);
    expect((await ask("GET", "/members%2Fhashkv")).status).toBe(404);
    expect((await ask("GET", "/raft/stream%2Fmessage/b2")).status).toBe(404);
    const broken = await ask("GET", "/m%6mbers");
    expect([broken.status, broken.body, broken.headers.connection]).toEqual([400, "400 Bad Request", "close"]);
  });

  test("leases are taken by POST, without a word about it, up to 64 KiB", async () => {
    const asked: string[] = [];
    member.host.leases = (path, body) => {
      asked.push(`${path} ${body.length}`);
      return Promise.resolve({ status: 200, body: utf8Encode("yes") });
    };
    const got = await ask("GET", "/leases/internal");
    expect([got.status, got.headers["allow"]]).toEqual([405, undefined]);
    const posted = await ask("POST", "/leases/internal", {}, new Uint8Array(65_536));
    expect([posted.status, posted.body, posted.headers["content-type"]]).toEqual([200, "yes", "application/protobuf"]);
    const long = await ask("POST", "/leases", {}, new Uint8Array(65_537));
    expect([long.status, long.body]).toEqual([413, "request body too large\n"]);
    expect(asked).toEqual(["/leases/internal 65536"]);
    delete member.host.leases;
  });

  test("probing says that all is well and what time it is", async () => {
    const reply = await ask("GET", "/raft/probing");
    expect(reply.status).toBe(200);
    expect(reply.headers["x-etcd-cluster-id"]).toBeUndefined();
    const { OK, Now } = JSON.parse(reply.body) as { OK: boolean; Now: string };
    expect(OK).toBe(true);
    expect(Math.abs(Date.parse(Now) - Date.now())).toBeLessThan(5_000);
  });

  test("versions and members have etcd's forms", async () => {
    const version = await ask("GET", "/version");
    expect(version.body).toBe('{"etcdserver":"3.6.0","etcdcluster":"3.6.0","storage":"3.6.0"}');
    expect(version.headers["content-type"]).toBe("application/json");
    const members = await ask("GET", "/members");
    expect(members.body).toBe(`[{"id":161,"peerURLs":["${member.url}"],"name":"n1"}]\n`);
    expect(members.headers["x-etcd-cluster-id"]).toBe(hexId(testCluster));
    expect((await ask("POST", "/members")).status).toBe(405);
  });

  test("promotion takes a decimal id", async () => {
    const reply = await ask("POST", "/members/promote/zz");
    expect([reply.status, reply.body]).toEqual([404, "member zz not found in cluster\n"]);
    expect((await ask("POST", "/members/promote/18446744073709551616")).status).toBe(404);
    expect((await ask("POST", `/members/promote/${"0".repeat(20)}1`)).status).toBe(200);
    const done = await ask("POST", "/members/promote/18446744073709551615");
    expect([done.status, done.body, done.headers["content-type"]]).toEqual([200, "[]", "application/json"]);
  });

  test("the hash of the keys is asked for with a body, and told with the cluster", async () => {
    const told = await askHash('{"Revision":7}');
    expect([told.status, told.body, told.headers["x-etcd-cluster-id"]]).toEqual([
      200,
      '{"hash":7}',
      hexId(testCluster),
    ]);
    for (const body of ["", '{"revision":"1"}']) {
      const refused = await askHash(body);
      expect([refused.status, refused.body]).toEqual([400, "error unmarshalling request\n"]);
      expect(refused.headers["x-etcd-cluster-id"]).toBeUndefined();
    }
  });

  test("the hash of the keys is told to this cluster, or to whom names none", async () => {
    expect((await askHash("{}", { "X-Etcd-Cluster-ID": "" })).status).toBe(200);
    expect((await askHash("{}", { "X-Etcd-Cluster-ID": hexId(testCluster) })).status).toBe(200);
    const foreign = await askHash("{}", { "X-Etcd-Cluster-ID": "1" });
    expect([foreign.status, foreign.body]).toEqual([412, "cluster ID mismatch\n"]);
    expect(foreign.headers["x-etcd-cluster-id"]).toBeUndefined();
  });
});

function askHash(body: string, headers: Headers = {}): Promise<Reply> {
  return ask("GET", "/members/hashkv", { "Content-Length": String(body.length), ...headers }, body);
}

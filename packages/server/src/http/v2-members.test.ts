import { toMemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import { expect, test } from "vitest";
import type { HttpCall } from "./http-call.ts";
import { HealthCounters } from "../metrics/health.ts";
import { handleProbe } from "./health.ts";
import { handleV2Members, whyUnusable } from "./v2-members.ts";

const record = { id: toMemberId(0xabn), name: "n1", peerUrls: ["http://a:1"], clientUrls: ["http://a:2"] };
const shown = '{"id":"ab","name":"n1","peerURLs":["http://a:1"],"clientURLs":["http://a:2"]}';
const member = {
  clusterId: 0xcn,
  lead: record.id,
  machine: {
    membership: {
      list: () => [record],
      get: (id: bigint) => (id === record.id ? record : undefined),
      isRemoved: (id: bigint) => id === 0xdn,
    },
    store: { range: () => ({ kind: "ok" }) },
  },
  changes: { add: (peerUrls: string[]) => Promise.resolve({ ...record, peerUrls, name: "", clientUrls: [] }) },
} as unknown as Member;

interface Said {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** One call of `handle` with this method and body. */
async function answerOf(method: string, body: string, handle: (call: HttpCall) => Promise<void>): Promise<Said> {
  const said: Said = { status: 0, body: "", headers: {} };
  const call = {
    method,
    header: () => "application/json",
    body: () => Promise.resolve(body),
    setHeader: (name: string, value: string) => Object.assign(said.headers, { [name]: value }),
    answer: (status: number, text: string, headers: Record<string, string>) => {
      Object.assign(said, { status, body: text, headers: { ...said.headers, ...headers } });
    },
    signal: new AbortController().signal,
  };
  await handle(call as unknown as HttpCall);
  return said;
}

const ask = (method: string, path: string, body = ""): Promise<Said> =>
  answerOf(method, body, (call) => handleV2Members(member, `/v2/members${path}`, call));

test("methods that no path knows are refused before anything is told", async () => {
  const refused = await ask("PATCH", "/ab");
  expect(refused).toMatchObject({ status: 405, headers: { Allow: "GET,POST,DELETE,PUT" } });
  expect(refused.headers["X-Etcd-Cluster-ID"]).toBeUndefined();
});

test("the list and the leader can be read, a single member cannot", async () => {
  expect(await ask("GET", "")).toMatchObject({ status: 200, body: `{"members":[${shown}]}\n` });
  expect(await ask("GET", "/")).toMatchObject({ status: 200, headers: { "X-Etcd-Cluster-ID": "c" } });
  expect(await ask("GET", "/leader")).toMatchObject({ status: 200, body: `${shown}\n` });
  for (const path of ["/leader/", "/ab", "/xyz"]) {
    expect(await ask("GET", path), path).toMatchObject({ status: 404, body: '{"message":"Not found"}' });
  }
});

test("changes name a member by its id", async () => {
  expect(await ask("DELETE", "")).toMatchObject({ status: 405 });
  expect(await ask("DELETE", "/leader")).toMatchObject({ status: 404, body: '{"message":"No such member: leader"}' });
  expect(await ask("DELETE", "/0e")).toMatchObject({ status: 404, body: '{"message":"No such member: e"}' });
  expect(await ask("DELETE", "/d")).toMatchObject({ status: 410, body: '{"message":"Member permanently removed: d"}' });
});

test("an addition goes to any path; what it needs is a list of usable URLs", async () => {
  const added = '{"id":"ab","name":"","peerURLs":["http://b:1"],"clientURLs":[]}\n';
  expect(await ask("POST", "/ab", '{"peerURLs":["http://b:1"]}')).toMatchObject({ status: 201, body: added });
  for (const body of ["{}", "null", '{"peerURLs":[]}']) {
    expect(await ask("POST", "", body), body).toMatchObject({ status: 400, body: '{"message":"no valid URLs given"}' });
  }
  expect(await ask("POST", "")).toMatchObject({ status: 400, body: '{"message":"unexpected end of JSON input"}' });
});

test("an unusable URL is told with the reason", () => {
  expect(whyUnusable([])).toBe("no valid URLs given");
  expect(whyUnusable(["http://a:1", "x"])).toBe("URL scheme must be http, https, unix, or unixs: x");
  expect(whyUnusable(["a:1"])).toBe("URL scheme must be http, https, unix, or unixs: a:1");
  expect(whyUnusable(["http://a"])).toBe('URL address does not have the form "host:port": http://a');
  expect(whyUnusable(["http://[::1]"])).toBe('URL address does not have the form "host:port": http://[::1]');
  expect(whyUnusable([" http://a:1/b"])).toBe("URL must not contain a path: http://a:1/b");
  expect(whyUnusable(["http://a:99999"])).toMatch(/^URL must name .*: http:\/\/a:99999$/);
});

test("there is no check with an empty name, whatever the method", async () => {
  const probe = (method: string, check: string | undefined): Promise<Said> =>
    answerOf(method, "", (call) =>
      handleProbe(member, new HealthCounters(), "livez", check, call, new URLSearchParams()),
    );
  expect(await probe("GET", undefined)).toMatchObject({ status: 200, body: "ok\n" });
  expect(await probe("GET", "")).toMatchObject({ status: 404 });
  expect(await probe("POST", "x")).toMatchObject({ status: 404 });
  expect(await probe("POST", undefined)).toMatchObject({ status: 405, headers: { Allow: "GET" } });
});

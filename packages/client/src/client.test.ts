import { encodePutResponse, encodeRangeResponse, KVMethods, KvError, Status } from "@quorate/api";
import { expect, test } from "vitest";
import { Client, prefixEnd } from "./client.ts";
import { parseEndpoint } from "./endpoint.ts";
import { explanationIn } from "./errors.ts";
import type { Connect, Outcome } from "./transport.ts";

interface Call {
  readonly endpoint: string;
  readonly path: string;
}

/** A world of endpoints whose answers are given; time passes only while the client pauses. */
function world(answer: (call: Call, count: number) => Outcome): { calls: Call[]; client: (n: number) => Client } {
  const calls: Call[] = [];
  let nowMs = 0;
  const connect: Connect = (endpoint) => ({
    unary(path, _message, _options, done) {
      calls.push({ endpoint: endpoint.text, path });
      const outcome = answer(calls[calls.length - 1] as Call, calls.length);
      queueMicrotask(() => done(outcome));
    },
    close: async () => undefined,
  });
  const client = (n: number): Client =>
    new Client({
      endpoints: ["a:1", "b:1", "c:1"].slice(0, n),
      connect,
      timeoutMs: 5000,
      nowMs: () => nowMs,
      pause: async (ms) => {
        nowMs += ms;
      },
    });
  return { calls, client };
}

const fine = (message: Uint8Array): Outcome => ({ ok: true, message });
const failed = (status: number, message: string, unsent = false): Outcome => ({
  ok: false,
  status,
  message,
  explanation: undefined,
  unsent,
});

test("a read moves on to the next endpoint when one is unavailable, and stays there", async () => {
  const { calls, client } = world((call) =>
    call.endpoint === "a:1" ? failed(Status.unavailable, "connection lost") : fine(encodeRangeResponse({ count: 3 })),
  );
  const c = client(3);
  expect((await c.range({ key: new Uint8Array([1]) })).count).toBe(3);
  expect((await c.range({ key: new Uint8Array([1]) })).count).toBe(3);
  expect(calls.map((call) => call.endpoint)).toEqual(["a:1", "b:1", "b:1"]);
});

test("a write that may have arrived is not repeated", async () => {
  const { calls, client } = world(() => failed(Status.unavailable, "connection lost"));
  await expect(client(3).put({})).rejects.toMatchObject({ name: "ClientError", status: Status.unavailable });
  expect(calls).toEqual([{ endpoint: "a:1", path: KVMethods.put }]);
});

test("a write that cannot have arrived goes to the next endpoint", async () => {
  const { client, calls } = world((call) =>
    call.endpoint === "a:1" ? failed(Status.unavailable, "connection refused", true) : fine(encodePutResponse({})),
  );
  await client(2).put({});
  expect(calls.length).toBe(2);
});

test("when nothing answers, the deadline ends the call with etcd's text", async () => {
  const { client, calls } = world(() => failed(Status.unavailable, "connection refused", true));
  await expect(client(2).put({})).rejects.toMatchObject({
    message: "context deadline exceeded",
    status: Status.deadlineExceeded,
    explanation: expect.stringContaining("could not be asked: connection refused"),
  });
  expect(calls.length).toBeGreaterThan(10);
});

test("a request that no server takes is not sent", async () => {
  const { client, calls } = world(() => fine(encodePutResponse({})));
  const value = new Uint8Array(2 * 1024 * 1024);
  await expect(client(1).put({ value })).rejects.toThrow(
    "trying to send message larger than max (2097157 vs. 2097152)",
  );
  expect(calls).toEqual([]);
});

test("etcd's texts become typed errors, whatever their status", async () => {
  const { client } = world(() => failed(Status.unknown, "etcdserver: mvcc: required revision has been compacted"));
  const error = await client(2)
    .range({})
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(KvError);
  expect(error).toMatchObject({ code: "compacted" });
});

test("a learner's refusal of a read is tried on every other member once", async () => {
  const { client, calls } = world(() => failed(9, "etcdserver: rpc not supported for learner"));
  await expect(client(3).range({})).rejects.toMatchObject({ code: "notSupportedForLearner" });
  expect(calls.map((call) => call.endpoint)).toEqual(["a:1", "b:1", "c:1"]);
});

test("an explanation is read from the status details, and malformed details are ignored", () => {
  const text = (s: string): number[] => [...new TextEncoder().encode(s)];
  const field = (tag: number, bytes: number[]): number[] => [tag, bytes.length, ...bytes];
  const message = field(18, text("ask b"));
  const any = [...field(10, text("type.googleapis.com/google.rpc.LocalizedMessage")), ...field(18, message)];
  expect(explanationIn(new Uint8Array([8, 9, ...field(26, any)]))).toBe("ask b");
  expect(explanationIn(new Uint8Array([26, 200]))).toBeUndefined();
  expect(explanationIn(new Uint8Array([8, 9]))).toBeUndefined();
});

test.each([
  ["127.0.0.1:1", false, { host: "127.0.0.1", port: 1, tls: false, unix: false }],
  ["localhost", false, { host: "localhost", port: 2379 }],
  ["h:1", true, { tls: true }],
  ["http://h:1/", true, { tls: false, host: "h" }],
  ["https://[::1]:2", false, { tls: true, host: "::1", port: 2 }],
  ["unix:/a/b", false, { unix: true, host: "/a/b", tls: false }],
])("endpoint %s", (text, tls, expected) => {
  expect(parseEndpoint(text, tls)).toMatchObject(expected);
});

test.each(["", "http://", "h:99999", "h:1/path", "ftp://h:1", "::1"])("%j is no endpoint", (text) => {
  expect(() => parseEndpoint(text)).toThrow("is not host:port");
});

test("the end of a prefix skips trailing 0xff", () => {
  expect([...prefixEnd(new Uint8Array([1, 2]))]).toEqual([1, 3]);
  expect([...prefixEnd(new Uint8Array([1, 0xff, 0xff]))]).toEqual([2]);
  expect([...prefixEnd(new Uint8Array([0xff]))]).toEqual([0]);
  expect([...prefixEnd(new Uint8Array())]).toEqual([0]);
});

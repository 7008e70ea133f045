import { Status } from "@quorate/api";
import type { Connect } from "@quorate/client";
import { expect, test } from "vitest";
import type { Io } from "../io.ts";
import { runCtl } from "./main.ts";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const silent: Connect = () => ({ unary: () => undefined, close: async () => undefined });

async function run(
  args: readonly string[],
  options: { connect?: Connect; variables?: Io["variables"]; stdin?: string } = {},
): Promise<Run> {
  let out = "";
  let err = "";
  let nowMs = 0;
  const lines = (options.stdin ?? "").split("\n");
  const code = await runCtl(args, {
    out: (text) => {
      out += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    err: (text) => {
      err += text;
    },
    readAll: async () => new Uint8Array(),
    readLine: async () => (lines.length > 1 ? lines.shift() : undefined),
    variables: options.variables ?? {},
    readFile: (path) => {
      throw new Error(`open ${path}: no such file or directory`);
    },
    connect: options.connect ?? silent,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  });
  return { code, out, err };
}

test("an explanation of the server stands below its message", async () => {
  const message = "etcdserver: re-configuration failed due to not enough started members";
  const connect: Connect = () => ({
    unary: (_path, _message, _options, done) =>
      queueMicrotask(() =>
        done({
          ok: false,
          status: Status.unknown,
          message,
          explanation: "m2 has not started: start it first",
          unsent: false,
        }),
      ),
    close: async () => undefined,
  });
  expect(await run(["member", "remove", "1"], { connect })).toEqual({
    code: 1,
    out: "",
    err: `Error: ${message}\nm2 has not started: start it first\n`,
  });
});

test("nothing that listens ends with the deadline", async () => {
  const connect: Connect = () => ({
    unary: (_path, _message, _options, done) =>
      queueMicrotask(() => done({ ok: false, status: 14, message: "refused", explanation: undefined, unsent: true })),
    close: async () => undefined,
  });
  expect(await run(["put", "a", "b"], { connect })).toEqual({
    code: 1,
    out: "",
    err: "Error: context deadline exceeded\n127.0.0.1:2379 could not be asked: refused\n",
  });
  const status = await run(["endpoint", "status", "--endpoints=h:1"], { connect });
  expect(status).toEqual({
    code: 1,
    out: "",
    err: "Failed to get the status of endpoint h:1 (context deadline exceeded)\n",
  });
});

// Messages and statuses as printed by etcdctl 3.6.14.
test.each([
  [["--cert=", "get", "k"], 128, "Error: empty string is passed to --cert option\n"],
  [["--cert=nofile", "--key=nofile", "get", "k"], 128, "Error: open nofile: no such file or directory\n"],
  [["--endpoints=", "get", "k"], 2, "Error: etcdclient: no available endpoints\n"],
  [
    ["get", "--limit", "x", "k"],
    1,
    'Error: invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax\n\n',
  ],
])("%j", async (args, code, err) => {
  expect(await run(args)).toMatchObject({ code, err });
});

test("commands are found by an unambiguous beginning, behind global flags too", async () => {
  expect((await run(["--endpoints", "h:1", "vers"])).out).toMatch(/^etcdctl version: 3\.6\.\d+\nAPI version: 3\.6\n/);
  expect((await run(["m"])).code).toBe(1);
  expect((await run(["bogus"])).err).toContain('unknown command "bogus"');
  expect((await run(["member", "rem"])).err).toBe("Error: member ID is not provided\n");
});

test("help goes to stdout and is no failure", async () => {
  for (const args of [[], ["-h"], ["help"], ["member"], ["help", "get"], ["get", "--help"], ["member", "bogus"]]) {
    const { code, out, err } = await run(args);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("USAGE:");
  }
});

test("a variable beside its flag is refused", async () => {
  const { code, err } = await run(["--endpoints=y", "get", "k"], { variables: { ETCDCTL_ENDPOINTS: "x" } });
  expect(code).toBe(1);
  expect(err).toContain("conflicting environment variable is shadowed by corresponding command-line flag");
});

test("a transaction's operation with an unknown flag is refused in one line", async () => {
  const { code, err } = await run(["txn"], { stdin: "\nget k --bogus\n\n\n" });
  expect([code, err]).toEqual([3, "Error: invalid txn request: get k --bogus\n"]);
});

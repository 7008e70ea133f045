/**
 * Every case was given to the real etcdctl 3.6 and its output kept in `fixtures/etcdctl-3.6.json`; ours must be equal
 * to the byte. Where the real tool is at hand, the recording itself is checked. `RECORD=1` writes it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Connect, grpcConnect, type Outcome } from "@quorate/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { existsSync } from "node:fs";
import type { Io } from "../io.ts";
import { type Case, cases } from "../testing/cases.ts";
import {
  normalize,
  printable,
  type Recording,
  recordCase,
  replier,
  ScriptedServer,
  shownEndpoint,
} from "../testing/record.ts";
import { runCtl } from "./main.ts";

const fixture = fileURLToPath(new URL("../../fixtures/etcdctl-3.6.json", import.meta.url));
const real = fileURLToPath(new URL("../../../../.peers/bin/etcdctl-3.6", import.meta.url));

/** Runs our tool in this process, over `connect`. */
async function runWith(connect: Connect, endpoint: string, one: Case): Promise<Omit<Recording, "requests">> {
  const out: Uint8Array[] = [];
  let err = "";
  let rest = one.stdin ?? "";
  const io: Io = {
    out: (text) => void out.push(typeof text === "string" ? Buffer.from(text) : text),
    err: (text) => {
      err += text;
    },
    readAll: async () => Buffer.from(rest),
    readLine: async () => {
      const end = rest.indexOf("\n");
      if (end < 0) return undefined;
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return line;
    },
    variables: {},
    readFile: () => {
      throw new Error("no files here");
    },
    connect,
    nowMs: () => 0,
    sleep: async () => undefined,
  };
  const exitCode = await runCtl([`--endpoints=${endpoint}`, ...one.args], io);
  const stdout = normalize(printable(Buffer.concat(out)), endpoint);
  return { args: one.args, stdout, stderr: normalize(err, endpoint), exitCode };
}

/** Answers without a network. */
async function runOurs(one: Case): Promise<Recording> {
  const requests: string[] = [];
  const answer = replier(one);
  const connect: Connect = () => ({
    unary(path, message, _options, done) {
      requests.push(`${path} ${Buffer.from(message).toString("hex")}`);
      const reply = answer(path);
      const outcome: Outcome =
        reply.status === undefined
          ? { ok: true, message: reply.message }
          : { ok: false, status: reply.status, message: reply.text, explanation: undefined, unsent: false };
      queueMicrotask(() => done(outcome));
    },
    close: async () => undefined,
  });
  return { ...(await runWith(connect, shownEndpoint, one)), requests };
}

const recorded: readonly Recording[] = existsSync(fixture)
  ? (JSON.parse(readFileSync(fixture, "utf8")) as Recording[])
  : [];

describe("quoratectl is etcdctl 3.6 to the byte", () => {
  test("all cases are recorded", () => {
    expect(recorded.map((one) => one.args)).toEqual(cases.map((one) => one.args));
  });

  test.each(cases.map((one, at) => [at, one.args.join(" "), one] as const))("%i: %s", async (at, _title, one) => {
    expect(await runOurs(one)).toEqual(recorded[at]);
  });
});

describe("quoratectl over sockets", () => {
  const server = new ScriptedServer();
  let port = 0;
  beforeAll(async () => {
    port = await server.start();
  });
  afterAll(() => server.close());

  test("does what it does without them", async () => {
    for (const [at, one] of cases.entries()) {
      server.requests.length = 0;
      server.answer = replier(one);
      const run = await runWith(grpcConnect, `127.0.0.1:${port}`, one);
      expect({ ...run, requests: [...server.requests] }).toEqual(recorded[at]);
    }
  });
});

describe.skipIf(!existsSync(real))("the recording is what the real etcdctl 3.6 does", () => {
  const server = new ScriptedServer();
  let port = 0;
  beforeAll(async () => {
    port = await server.start();
  });
  afterAll(() => server.close());

  test("case by case", async () => {
    const fresh: Recording[] = [];
    for (const one of cases) fresh.push(await recordCase(real, one, server, port));
    if (process.env["RECORD"] === "1") writeFileSync(fixture, `${JSON.stringify(fresh, undefined, 1)}\n`);
    else expect(fresh).toEqual(recorded);
  });
});

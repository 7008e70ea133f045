// The sizes and times that need no quiet machine: memory, restart, first start, and the size of the database. One
// member of each server in turn; `npm run bench -- --sizes`. CONTRIBUTING.md and docs/performance.md have the method.
import { statSync } from "node:fs";
import { join } from "node:path";
import { pause, realBinary, runProgram, Scope, ServerCluster, type ServerMember } from "../support/index.ts";
import { decodeKeyValue } from "@quorate/api";
import { newDataDir, roomFlag } from "./bench-data.ts";
import { databaseStatus, untilAnswered, untilWritten, withClient } from "./member-calls.ts";
import { memoryOf } from "./memory.ts";
import { type Measurement, formatSizes } from "./sizes-table.ts";

/** The parts, in the order in which they are measured. */
export const sizeParts = ["memory", "overwrites", "start", "failover"] as const;
export type SizePart = (typeof sizeParts)[number];

export interface SizeOptions {
  readonly rounds: number;
  readonly servers: readonly string[];
  readonly parts: readonly SizePart[];
  /** Keys that are loaded before memory and restart are measured. */
  readonly keys: number;
  /** Overwrites of a hundred thousand keys, with a compaction after each twentieth part. */
  readonly overwrites: number;
  /** How often the leader of three members is killed. */
  readonly kills: number;
  readonly flags: readonly string[];
  readonly nodeOptions: readonly string[];
}

const sizes = ["--key-size=32", "--val-size=256"];
const overwrittenKeys = 100_000;
const compactions = 20;
/** How long a member may put its things in order before its memory is read. */
const settleMs = 10_000;
const freshStarts = 5;
/** Members have been connected for so long when their leader is killed. */
const settledMs = 500;
const rangeLimit = 10_000;
const anyKey: Uint8Array = Buffer.from("a key");

type Sink = (what: string, value: number, detail?: string) => void;

/** Puts `total` times over `keySpace` keys, one after the other, from 100 clients over 10 connections. */
async function load(member: ServerMember, keySpace: number, total: number): Promise<void> {
  const generator = realBinary("benchmark");
  if (generator === undefined) throw new Error('benchmark is missing; "npm run peers" builds it');
  const args = [
    "put",
    ...sizes,
    "--sequential-keys",
    `--key-space-size=${keySpace}`,
    `--total=${total}`,
    "--clients=100",
    "--conns=10",
    `--endpoints=${member.clientUrl.replace("http://", "")}`,
  ];
  const { code, stdout, stderr } = await runProgram(generator, args, { timeoutMs: 580_000 });
  if (code !== 0 || stdout.includes("Error distribution")) {
    throw new Error(`the load failed with ${code}: ${(stderr + stdout).slice(-500)}`);
  }
}

/** Reads all keys with their values, in ranges of ten thousand. */
async function rangeAll(member: ServerMember, keys: number): Promise<void> {
  await withClient(member.clientUrl, async (client) => {
    let read = 0;
    let from: Uint8Array = new Uint8Array(1);
    for (let more = true; more; ) {
      const answer = await client.range({ key: from, rangeEnd: new Uint8Array(1), limit: rangeLimit });
      const last = answer.kvs.at(-1);
      if (last === undefined) break;
      read += answer.kvs.length;
      from = Uint8Array.from([...decodeKeyValue(last).key, 0]);
      more = answer.more;
    }
    if (read !== keys) throw new Error(`ranges gave ${read} keys of ${keys}`);
  });
}

async function newMember(scope: Scope, server: string, options: SizeOptions): Promise<ServerMember> {
  const dir = newDataDir(scope);
  const flags = ["--log-level=error", roomFlag, ...options.flags];
  const cluster = await ServerCluster.create(scope, {
    program: server,
    members: 1,
    dir,
    flags,
    nodeOptions: options.nodeOptions,
  });
  return cluster.members[0] as ServerMember;
}

function recordMemory(member: ServerMember, when: string, keys: number, sink: Sink): void {
  const { rssMegabytes, anonMegabytes, fileMegabytes, shmemMegabytes } = memoryOf(member.process.pid);
  const parts = `anon ${anonMegabytes.toFixed(0)}, file ${fileMegabytes.toFixed(0)}, shmem ${shmemMegabytes.toFixed(0)}`;
  const perKey = `${((rssMegabytes * 2 ** 20) / keys).toFixed(0)} bytes a key`;
  sink(`RSS ${when}, MB`, rssMegabytes, `${parts}; ${perKey}`);
}

async function measureMemory(server: string, options: SizeOptions, sink: Sink): Promise<void> {
  const scope = new Scope();
  try {
    const member = await newMember(scope, server, options);
    member.start();
    await member.ready();
    await load(member, options.keys, options.keys);
    await pause(settleMs);
    recordMemory(member, "after the load", options.keys, sink);
    const { sizeMegabytes } = await databaseStatus(member.clientUrl);
    sink("database after the load, MB", sizeMegabytes);
    await member.stop(60_000);
    const startedMs = performance.now();
    member.start();
    const tookMs = await untilAnswered(member.clientUrl, startedMs, (client) => client.range({ key: anyKey }));
    sink("restart until a linearizable read, ms", tookMs);
    await pause(settleMs);
    recordMemory(member, "after the restart", options.keys, sink);
    await rangeAll(member, options.keys);
    recordMemory(member, "after ranging all keys", options.keys, sink);
    await member.stop(60_000);
  } finally {
    await scope.close();
  }
}

async function measureOverwrites(server: string, options: SizeOptions, sink: Sink): Promise<void> {
  const scope = new Scope();
  try {
    const member = await newMember(scope, server, options);
    member.start();
    await member.ready();
    for (let i = 0; i < compactions; i++) {
      await load(member, overwrittenKeys, Math.round(options.overwrites / compactions));
      const { revision } = await databaseStatus(member.clientUrl);
      await withClient(member.clientUrl, (client) => client.compact({ revision, physical: true }));
    }
    await pause(settleMs);
    const { sizeMegabytes, usedMegabytes } = await databaseStatus(member.clientUrl);
    const onDisk = statSync(join(member.dataDir, "member/snap/db")).blocks / 2048;
    const detail = `in use ${usedMegabytes.toFixed(0)}, blocks of the file ${onDisk.toFixed(0)}`;
    sink("database after the overwrites, MB", sizeMegabytes, detail);
    recordMemory(member, "after the overwrites", overwrittenKeys, sink);
    await member.stop(60_000);
  } finally {
    await scope.close();
  }
}

async function measureStart(server: string, options: SizeOptions, sink: Sink): Promise<void> {
  for (let i = 0; i < freshStarts; i++) {
    const scope = new Scope();
    try {
      const member = await newMember(scope, server, options);
      const startedMs = performance.now();
      member.start();
      const request = { key: anyKey, value: anyKey };
      const tookMs = await untilAnswered(member.clientUrl, startedMs, (client) => client.put(request));
      sink("fresh member until a put, ms", tookMs);
      if (i === freshStarts - 1) {
        await pause(2_000);
        recordMemory(member, "of a fresh member", 1, (what, value) => sink(what, value));
      }
      await member.stop(60_000);
    } finally {
      await scope.close();
    }
  }
}

async function measureFailover(server: string, options: SizeOptions, sink: Sink): Promise<void> {
  const scope = new Scope();
  try {
    const flags = ["--log-level=error", ...options.flags];
    const { nodeOptions } = options;
    const cluster = await ServerCluster.start(scope, {
      program: server,
      members: 3,
      dir: newDataDir(scope),
      flags,
      nodeOptions,
    });
    for (let i = 0; i < options.kills; i++) {
      const leader = await cluster.leader();
      const others = cluster.endpoints.filter((url) => url !== leader.clientUrl);
      await pause(settledMs);
      const killedMs = performance.now();
      await leader.kill();
      sink("leader killed until a write succeeds, ms", (await untilWritten(others)) - killedMs);
      leader.start();
      await cluster.ready();
    }
    await cluster.stop();
  } finally {
    await scope.close();
  }
}

const measures: Readonly<Record<SizePart, (server: string, options: SizeOptions, sink: Sink) => Promise<void>>> = {
  memory: measureMemory,
  overwrites: measureOverwrites,
  start: measureStart,
  failover: measureFailover,
};

/** Measures all parts of all servers and prints the table; returns what was measured. */
export async function runSizes(options: SizeOptions): Promise<readonly Measurement[]> {
  const measured: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const part of options.parts) {
      for (const server of options.servers) {
        await measures[part](server, options, (what, value, detail) => {
          measured.push({ round, server, what, value, ...(detail === undefined ? {} : { detail }) });
          console.error(`round ${round} ${server.padEnd(9)} ${what.padEnd(42)} ${value.toFixed(1)} ${detail ?? ""}`);
        });
      }
    }
  }
  console.log(
    `one member each, ${options.keys} keys, ${options.overwrites} overwrites, ${options.rounds} round(s), medians`,
  );
  console.log(formatSizes(measured, options.servers));
  return measured;
}

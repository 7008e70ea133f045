import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ctl,
  ctlOk,
  pause,
  realBinary,
  repositoryRoot,
  Scope,
  ServerCluster,
  type ServerMember,
  statuses,
  waitFor,
} from "../support/index.ts";
import { bytes, KvClient } from "./support/kv-client.ts";

/** A million says the promise; fewer are for a run in a hurry. */
const keyCount = Number(process.env["QUORATE_E2E_KEYS"] ?? 1_000_000);
/** No turn of the event loop may take longer. */
const turnMsMax = 50;
const keysPerWrite = 128;
const writersMax = 16;

const scope = new Scope();
afterAll(() => scope.close());

/** The longest turn of a member's event loop since the last call, in milliseconds. */
async function longestTurnMs(member: ServerMember): Promise<number> {
  const pattern = /longest turn: ([\d.]+) ms/g;
  const before = [...member.process.output.matchAll(pattern)].length;
  member.process.signal("SIGUSR2");
  const all = await waitFor("the longest turn", () => {
    const lines = [...member.process.output.matchAll(pattern)];
    return lines.length > before ? lines : undefined;
  });
  return Number(all.at(-1)?.[1]);
}

describe.skipIf(realBinary("etcdctl-3.4") === undefined)("large answers and values while heartbeats flow", () => {
  let cluster: ServerCluster;
  let terms: number[];
  const termsNow = async (): Promise<number[]> =>
    (await statuses({ endpoints: cluster.endpoints })).map(({ term }) => term);

  async function turnsOf(action: () => Promise<void>): Promise<Record<string, number>> {
    for (const member of cluster.members) await longestTurnMs(member);
    await action();
    const turns: Record<string, number> = {};
    for (const member of cluster.members) turns[member.name] = await longestTurnMs(member);
    return turns;
  }

  function expectShort(turns: Record<string, number>): void {
    for (const [name, ms] of Object.entries(turns)) {
      expect(ms, `${name}: ${JSON.stringify(turns)}`).toBeLessThan(turnMsMax);
    }
  }

  beforeAll(async () => {
    const probe = join(repositoryRoot, "tests/e2e/support/turn-probe.mjs");
    cluster = await ServerCluster.start(scope, { program: "quorate", nodeOptions: ["--import", `file://${probe}`] });
    await cluster.leader();
    terms = await termsNow();
  });

  test(`${keyCount} keys are written without a long turn`, { timeout: 240_000 }, async () => {
    const client = new KvClient((cluster.members[0] as ServerMember).clientUrl);
    const value = bytes("v".repeat(64));
    const writes = Math.ceil(keyCount / keysPerWrite);
    let next = 0;
    const write = async (): Promise<void> => {
      for (let at = next++; at < writes; at = next++) {
        const count = Math.min(keysPerWrite, keyCount - at * keysPerWrite);
        const puts = Array.from({ length: count }, (_, i) => ({
          key: bytes(`many/${String(at * keysPerWrite + i).padStart(24, "0")}`),
          value,
        }));
        await client.putAll(puts, 20_000);
      }
    };
    const turns = await turnsOf(async () => {
      await Promise.all(Array.from({ length: writersMax }, write));
    });
    client.close();
    expectShort(turns);
    expect(await termsNow()).toEqual(terms);
  });

  test("all of them are read in one answer, from the leader and from a follower, without a long turn", {
    timeout: 240_000,
  }, async () => {
    const leader = await cluster.leader();
    const follower = cluster.members.find((member) => member !== leader) as ServerMember;
    for (const { clientUrl } of [leader, follower]) {
      const turns = await turnsOf(async () => {
        const args = ["get", "--prefix", "many/", "--keys-only=false", "-w", "fields", "--command-timeout=60s"];
        // A shell counts the rows, so that this process does not hold half a gigabyte of text.
        const counted = await ctl([...args], { endpoints: [clientUrl], program: await counting(), timeoutMs: 100_000 });
        expect(counted.stdout.trim()).toBe(String(keyCount));
      });
      expectShort(turns);
    }
    expect(await termsNow()).toEqual(terms);
  });

  test("counts and pages of many keys cost what they return", async () => {
    const client = new KvClient((cluster.members[1] as ServerMember).clientUrl);
    const range = { key: bytes("many/"), rangeEnd: bytes("many0") };
    const turns = await turnsOf(async () => {
      for (let i = 0; i < 200; i++) {
        const page = await client.range({ ...range, limit: 10 });
        expect(page).toMatchObject({ count: keyCount, more: true });
        expect(page.kvs).toHaveLength(10);
      }
      expect(await client.range({ ...range, countOnly: true })).toMatchObject({ count: keyCount, kvs: [] });
    });
    client.close();
    expectShort(turns);
  });

  test("values of 1.5 MB are written, replicated and read without a long turn", async () => {
    const value = "x".repeat(1_500_000);
    const endpoints = cluster.endpoints;
    const turns = await turnsOf(async () => {
      for (const [i, endpoint] of endpoints.entries()) {
        await ctlOk(["put", `large${i}`], { endpoints: [endpoint], input: value });
      }
      for (const endpoint of endpoints) {
        const read = await ctlOk(["get", "large0", "--print-value-only"], { endpoints: [endpoint] });
        expect(read.length).toBe(value.length + 1);
      }
    });
    expectShort(turns);
    const tooLarge = await ctl(["put", "larger"], { endpoints, input: "x".repeat(1_600_000) });
    expect(tooLarge.stderr).toContain("etcdserver: request is too large");
    await pause(200);
    expect(await termsNow()).toEqual(terms);
    const metrics = await (await fetch(`${endpoints[0]}/metrics`)).text();
    expect(metrics).toMatch(/^quorate_event_loop_delay_seconds\{quantile="1"\} [\d.e-]+$/m);
    await cluster.stop();
  });

  let counter: string | undefined;
  /** etcdctl behind a filter that prints how many rows it printed. */
  async function counting(): Promise<string> {
    if (counter !== undefined) return counter;
    const { writeFile, chmod } = await import("node:fs/promises");
    counter = join(scope.dir("counter"), "count-rows");
    const etcdctl = realBinary("etcdctl-3.4") as string;
    await writeFile(counter, `#!/bin/sh\nETCDCTL_API=3 ${etcdctl} "$@" | grep -c '^"Key"'\n`);
    await chmod(counter, 0o755);
    return counter;
  }
});

import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  ctlOk,
  realBinary,
  runProgram,
  Scope,
  ServerCluster,
  type ServerMember,
  statuses,
  waitFor,
} from "../../support/index.ts";
import { at, etcds, fill, haveCtl, hasty, stored } from "./support.ts";

let scope = new Scope();
afterEach(async () => {
  await scope.close();
  scope = new Scope();
});

/** What must be the same whichever program reads the directory. */
interface Content {
  readonly revision: number;
  readonly hash: number;
  readonly compactRevision: number;
  readonly keys: ReadonlyMap<string, string>;
  readonly members: string;
}

async function contentOf(member: ServerMember): Promise<Content> {
  const [status] = await statuses({ endpoints: [member.clientUrl] });
  const revision = status?.revision ?? 0;
  const said = await at([member], "endpoint", "hashkv", `--rev=${revision}`, "--write-out=json");
  const [{ HashKV }] = JSON.parse(said) as [{ HashKV: { hash: number; compact_revision: number } }];
  return {
    revision,
    hash: HashKV.hash,
    compactRevision: HashKV.compact_revision,
    keys: await stored(member, "k/"),
    members: await at([member], "member", "list"),
  };
}

/** Changes of every kind: more entries than a raft snapshot waits for, a compaction, a member that came and went. */
async function change(member: ServerMember, round: number): Promise<void> {
  await fill(member, `k/${round}/`, 150, 200);
  await at([member], "del", "--prefix", `k/${round}/0001`);
  const txn = `value("k/${round}/000000") > "a"\n\nput k/txn ${round}\ndel k/${round}/000001\n\n\n`;
  await ctlOk(["txn"], { endpoints: [member.clientUrl], input: txn });
  const said = await at([member], "lease", "grant", "600").catch(() => undefined);
  const lease = said === undefined ? undefined : /lease ([0-9a-f]+) granted/.exec(said)?.[1];
  if (lease !== undefined) await at([member], "put", `k/leased/${round}`, "v", `--lease=${lease}`);
  const [status] = await statuses({ endpoints: [member.clientUrl] });
  await at([member], "put", "k/compacted-here", String(round));
  await at([member], "compaction", String((status?.revision ?? 0) + 1), "--physical");
  await fill(member, `k/${round}-after/`, 20);
  const added = await at([member], "member", "add", "guest", `--peer-urls=http://127.0.0.1:${round + 1}`, "--learner");
  const guest = /Member\s+([0-9a-f]+) added/.exec(added)?.[1] ?? "";
  await at([member], "member", "remove", guest);
}

/** What the tools of etcd say of the files of a member that does not run. */
async function expectSound(member: ServerMember, content: Content, round: number, clean: boolean): Promise<void> {
  const db = join(member.dataDir, "member/snap/db");
  const bbolt = realBinary("bbolt");
  if (bbolt !== undefined) {
    const { code, stdout, stderr } = await runProgram(bbolt, ["check", db]);
    expect([code, stdout], `${member.program} left this: ${stderr.slice(0, 1_000)}`).toEqual([0, "OK\n"]);
  }
  const dump = realBinary("etcd-dump-logs");
  if (dump !== undefined) {
    const { code, stdout, stderr } = await runProgram(dump, ["-start-index", "1", member.dataDir]);
    expect(code, stderr).toBe(0);
    // From the first entry on: the newest snapshot may stand behind the last removal.
    expect(stdout.match(/ConfChangeRemoveNode id=/g)).toHaveLength(round + 1);
  }
  // That of 3.6 panics when a key has a lease.
  const utl = realBinary("etcdutl-3.7");
  if (utl === undefined || !clean) return;
  const hashed = await runProgram(utl, ["hashkv", db, "-w", "json"]);
  expect(JSON.parse(hashed.stdout), hashed.stderr).toMatchObject({
    hash: content.hash,
    hashRevision: content.revision,
    compactRevision: content.compactRevision,
  });
  const status = await runProgram(utl, ["snapshot", "status", db, "-w", "json"]);
  expect(JSON.parse(status.stdout), status.stderr).toMatchObject({ revision: content.revision });
}

/** One member's directory, run by one program after the other. */
async function goThrough(chain: readonly string[]): Promise<void> {
  const cluster = await ServerCluster.create(scope, {
    program: chain[0] as string,
    members: 1,
    flags: [hasty, "--snapshot-count=60"],
  });
  const member = cluster.members[0] as ServerMember;
  let before: Content | undefined;
  for (const [round, program] of chain.entries()) {
    member.program = program;
    member.start();
    await member.ready();
    if (before !== undefined) {
      const wanted = before;
      const found = await contentOf(member);
      expect({ ...found, hash: 0, compactRevision: 0 }).toEqual({ ...wanted, hash: 0, compactRevision: 0 });
      // A compaction that the kill interrupted is taken up again.
      await waitFor("the hash to be the same", async () => {
        const { hash, compactRevision } = await contentOf(member);
        return hash === wanted.hash && compactRevision === wanted.compactRevision;
      });
    }
    await change(member, round);
    before = await contentOf(member);
    // Every other time it is stopped in order, so that the database is complete for the tools.
    const clean = round % 2 === 1;
    await (clean ? member.stop() : member.kill());
    await expectSound(member, before, round, clean);
  }
}

describe.skipIf(!haveCtl || etcds.length < 4)("one data directory stays the same when it goes", () => {
  test("from etcd-3.4 to quorate, etcd-3.6 and back", () => goThrough(["etcd-3.4", "quorate", "etcd-3.6", "quorate"]));

  test("from etcd-3.5 to quorate and etcd-3.7", () => goThrough(["etcd-3.5", "quorate", "etcd-3.7"]));

  test("from quorate to etcd-3.6 and back, to etcd-3.7 and back, and to etcd-3.7 (D31)", () =>
    goThrough(["quorate", "etcd-3.6", "quorate", "etcd-3.7", "quorate", "etcd-3.7"]));
});

/** Compared with etcdutl 3.6 on snapshots that real etcd made; skipped where neither is at hand. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { NodeDisk } from "@quorate/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Io } from "../io.ts";
import { runUtl } from "./main.ts";

const golden = fileURLToPath(new URL("../../../../../shared/golden", import.meta.url));
const real = fileURLToPath(new URL("../../../../.peers/bin/etcdutl-3.6", import.meta.url));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Run> {
  let out = "";
  let err = "";
  const io: Io = {
    out: (text) => {
      out += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
    },
    err: (text) => {
      err += text;
    },
    readAll: async () => new Uint8Array(),
    readLine: async () => undefined,
    variables: {},
    readFile: () => new Uint8Array(),
    connect: () => ({ unary: () => undefined, close: async () => undefined }),
    nowMs: () => 0,
    sleep: async () => undefined,
  };
  const code = await runUtl(args, io, new NodeDisk());
  return { code, out, err };
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "quorateutl-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(golden))("snapshots of real etcd", () => {
  const snapshots = [
    "etcd-3.4/final.snapshot.db",
    "etcd-3.4/stage2-compacted-at-tombstone-6.snapshot.db",
    "etcd-3.5/final.snapshot.db.gz",
    "etcd-3.6/final.snapshot.db.gz",
    "etcd-3.7/final.snapshot.db.gz",
  ];

  function unpack(name: string): string {
    const bytes = readFileSync(join(golden, name));
    const path = join(folder, name.replaceAll("/", "-").replace(/\.gz$/, ""));
    writeFileSync(path, name.endsWith(".gz") ? gunzipSync(bytes) : bytes, { mode: 0o600 });
    return path;
  }

  test.skipIf(!existsSync(real)).each(snapshots)("the status of %s is etcdutl's in every form", async (name) => {
    const path = unpack(name);
    for (const form of ["simple", "json", "fields", "table", "protobuf"]) {
      const args = ["snapshot", "status", path, "-w", form];
      const theirs = spawnSync(real, args, { encoding: "utf8", timeout: 10_000 });
      expect(await run(...args)).toEqual({ code: theirs.status, out: theirs.stdout, err: theirs.stderr });
    }
  });

  test("the status of a 3.6 snapshot is what its manifest says", async () => {
    const manifest = JSON.parse(readFileSync(join(golden, "etcd-3.6/single.manifest.json"), "utf8")) as {
      final_revision: number;
    };
    const { out } = await run("snapshot", "status", unpack("etcd-3.6/final.snapshot.db.gz"), "-w", "json");
    expect(JSON.parse(out)).toMatchObject({ revision: manifest.final_revision, version: "3.6.0" });
  });

  test("a whole file passes the check, a cut one does not", async () => {
    const path = unpack("etcd-3.6/final.snapshot.db.gz");
    expect(await run("check", path)).toEqual({ code: 0, out: "OK\n", err: "" });
    const cut = join(folder, "cut.db");
    writeFileSync(cut, readFileSync(path).subarray(0, 30_000));
    const checked = await run("check", cut);
    expect([checked.code, checked.err]).toEqual([1, `Error: 1 errors found in ${cut}\n`]);
    const { code, err } = await run("snapshot", "status", cut);
    expect(code).toBe(1);
    expect(err).toContain("Error: snapshot file integrity check failed. 1 errors found.\n");
  });

  test("a log is listed record by record, and left as it was", async () => {
    execFileSync("tar", ["xzSf", join(golden, "etcd-3.6/crash.data.tar.gz"), "-C", folder], { timeout: 20_000 });
    const { code, out } = await run("wal", "dump", folder);
    expect(code).toBe(0);
    expect(out).toMatch(/^0{16}-0{16}\.wal\n/m);
    expect(out).toMatch(/ {2}\d+ {2}snapshot index=0 term=0/);
    expect(out).toMatch(/ {2}\d+ {2}entry term=1 index=1 confChange addNode [0-9a-f]+ /);
    expect(out).toMatch(/ {2}\d+ {2}entry term=2 index=\d+ normal put "d\/24" "w24"\n/);
    expect(out).toMatch(/\n\d+ records\n$/);
    expect((await run("wal", "dump", folder)).out).toBe(out);
  });
});

// Messages and statuses as printed by etcdutl 3.6.14.
test.each([
  [["snapshot", "status", "nofile"], 1, "Error: stat nofile: no such file or directory\n"],
  [["snapshot", "status"], 128, "Error: snapshot status requires exactly one argument\n"],
  [["snapshot", "status", "a", "b"], 128, "Error: snapshot status requires exactly one argument\n"],
  [["snapshot", "status", "x", "-w", "bogus"], 4, "Error: unsupported output format\n"],
])("%j", async (args, code, err) => {
  expect(await run(...args)).toEqual({ code, out: "", err });
});

test("what is no database and no log is refused in one line", async () => {
  const path = join(folder, "zeros.db");
  writeFileSync(path, new Uint8Array(10));
  expect((await run("check", path)).code).toBe(1);
  expect(await run("wal", "dump", "nowhere")).toEqual({
    code: 1,
    out: "",
    err: "Error: nowhere: no write-ahead log here\n",
  });
});

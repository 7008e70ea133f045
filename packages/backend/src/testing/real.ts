import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const repository = fileURLToPath(new URL("../../../../", import.meta.url));

export const goldenFolder: string = join(repository, "../shared/golden");
export const haveGolden: boolean = existsSync(goldenFolder);

const bboltPath = join(repository, ".peers/bin/bbolt");
export const haveBbolt: boolean = existsSync(bboltPath);

/** Runs the real `bbolt check` on a database and returns what it printed; fails unless it found nothing. */
export function bboltCheck(bytes: Uint8Array): string {
  return inTemporaryFolder((folder) => {
    const path = join(folder, "db");
    writeFileSync(path, bytes);
    const run = spawnSync(bboltPath, ["check", path], { encoding: "utf8", timeout: 60_000 });
    const output = `${run.stdout}${run.stderr}`;
    if (run.status !== 0 || !output.includes("OK")) throw new Error(`bbolt check: ${output}`);
    return output;
  });
}

/** Returns the keys of a bucket as the real `bbolt keys` prints them, in hexadecimal. */
export function bboltKeys(bytes: Uint8Array, ...bucket: string[]): string[] {
  return inTemporaryFolder((folder) => {
    const path = join(folder, "db");
    writeFileSync(path, bytes);
    const run = spawnSync(bboltPath, ["keys", "--format=hex", path, ...bucket], {
      encoding: "utf8",
      timeout: 60_000,
      maxBuffer: 1 << 28,
    });
    if (run.status !== 0) throw new Error(`bbolt keys: ${run.stdout}${run.stderr}`);
    return run.stdout.split("\n").filter((line) => line !== "");
  });
}

const etcdutlPath = join(repository, ".peers/bin/etcdutl-3.6");
export const haveEtcdutl: boolean = existsSync(etcdutlPath);

/** What the real `etcdutl snapshot status` says, its own check of the file included. */
export function etcdutlStatus(bytes: Uint8Array): { readonly hash: number; readonly totalSize: number } {
  return inTemporaryFolder((folder) => {
    const path = join(folder, "db");
    writeFileSync(path, bytes);
    const run = spawnSync(etcdutlPath, ["snapshot", "status", path, "-w", "json"], {
      encoding: "utf8",
      timeout: 60_000,
    });
    if (run.status !== 0) throw new Error(`etcdutl: ${run.stdout}${run.stderr}`);
    return JSON.parse(run.stdout) as { hash: number; totalSize: number };
  });
}

/** Reads a snapshot file of the golden data, packed or not, without its digest. */
export function goldenSnapshot(path: string): Uint8Array {
  const raw = readFileSync(path);
  const bytes = path.endsWith(".gz") ? gunzipSync(raw) : raw;
  return new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % 512)));
}

/** Takes `member/snap/db` out of an archive of a data directory. */
export function goldenDatabase(archive: string): Uint8Array {
  return inTemporaryFolder((folder) => {
    const run = spawnSync("tar", ["-xzf", archive, "-C", folder, "--wildcards", "*member/snap/db"], {
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(run.stderr);
    return new Uint8Array(readFileSync(join(folder, "member/snap/db")));
  });
}

export function fixture(name: string): string {
  return join(repository, "packages/backend/fixtures", name);
}

function inTemporaryFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "quorate-backend-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

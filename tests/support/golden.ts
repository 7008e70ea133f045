import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { repositoryRoot } from "./binaries.ts";
import { runProgram } from "./program.ts";
import type { Scope } from "./scope.ts";

/** Which etcd made it. */
export type GoldenVersion = "etcd-3.4" | "etcd-3.5" | "etcd-3.6" | "etcd-3.7";

const goldenRoot = join(repositoryRoot, "../shared/golden");

/** True where the data made by real etcd lies beside the repository; tests that need it skip themselves otherwise. */
export const hasGolden: boolean = existsSync(join(goldenRoot, "README.md"));

/** The path of a file of one version, `cluster/m1.data.tar.gz` for example; it is read-only. */
export function goldenPath(version: GoldenVersion, file: string): string {
  return join(goldenRoot, version, file);
}

/** A parsed manifest, `single` or `cluster/cluster` for example. */
export function goldenManifest<T>(version: GoldenVersion, name: string): T {
  return JSON.parse(readFileSync(goldenPath(version, `${name}.manifest.json`), "utf8")) as T;
}

/**
 * Unpacks the data directory of a set (`single`, `crash`, `cluster/m4`, …).
 *
 * @returns a fresh folder, the data directory itself (it holds `member/`), writable, taken away with the scope.
 */
export async function unpackGolden(scope: Scope, version: GoldenVersion, set: string): Promise<string> {
  const dir = join(scope.dir("golden"), basename(set));
  mkdirSync(dir, { mode: 0o700 });
  const archive = goldenPath(version, `${set}.data.tar.gz`);
  const { code, stderr } = await runProgram("tar", ["-xzf", archive, "-C", dir], { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`could not unpack ${archive}: ${stderr}`);
  return dir;
}

/** Copies a `*.snapshot.db` file, unpacked where needed (`final` for example), and returns the path of the copy. */
export function copyGoldenSnapshot(scope: Scope, version: GoldenVersion, name: string): string {
  const plain = goldenPath(version, `${name}.snapshot.db`);
  const bytes = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
  const copy = join(scope.dir("golden"), `${name}.snapshot.db`);
  writeFileSync(copy, bytes);
  return copy;
}

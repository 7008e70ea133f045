import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot, type Scope } from "../support/index.ts";

/** Room for a million keys, which etcd's usual quota has not. */
export const roomFlag: string = `--quota-backend-bytes=${8 * 2 ** 30}`;

/** An empty folder, until the scope ends, on the disk of the repository, which is not a RAM disk. */
export function newDataDir(scope: Scope): string {
  const dir = join(repositoryRoot, ".peers/bench-data");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  scope.defer(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

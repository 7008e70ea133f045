import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository: the first folder above this file with a lock file, also when this file is bundled. */
export const repositoryRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(start: string): string {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, "package-lock.json"))) return dir;
    if (dir === dirname(dir)) throw new Error(`${start} lies outside of the repository`);
  }
}

/** Programs that come with Debian's packages under a plain name, and the version that the plain name must have. */
const installedAs: Readonly<Record<string, { name: string; args: string[]; version: RegExp }>> = {
  "etcd-3.4": { name: "etcd", args: ["--version"], version: /etcd Version: 3\.4\./ },
  "etcdctl-3.4": { name: "etcdctl", args: ["version"], version: /etcdctl version: 3\.4\./ },
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findInPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function findInstalled(name: string): string | undefined {
  const known = installedAs[name];
  if (known === undefined) return undefined;
  const path = findInPath(known.name);
  if (path === undefined) return undefined;
  const env = { ...process.env, ETCDCTL_API: "3" };
  const said = execFileSync(path, known.args, { encoding: "utf8", env, timeout: 10_000 });
  return known.version.test(said) ? path : undefined;
}

const found = new Map<string, string | undefined>();

/**
 * Finds a real program: `etcd-3.4` … `etcd-3.7`, `etcdctl-…`, `etcdutl-…`, `benchmark`, `etcd-dump-logs`, `bbolt`,
 * `h2spec`, `h2load`, `curl`, `grpc-interop-client`, `grpc-interop-server`.
 *
 * @returns its path in `.peers/bin`, else in PATH; undefined when there is none, so that a test can skip itself.
 * @throws Error where the environment variable CI is `true`: there a missing oracle is a failure, never a skip.
 */
export function realBinary(name: string): string | undefined {
  if (!found.has(name)) {
    const built = join(repositoryRoot, ".peers/bin", name);
    found.set(name, isExecutable(built) ? built : (findInPath(name) ?? findInstalled(name)));
  }
  const path = found.get(name);
  if (path === undefined && process.env["CI"] === "true") {
    throw new Error(
      `${name} is missing; "npm run peers" builds it, or Debian's packages bring it (see CONTRIBUTING.md)`,
    );
  }
  return path;
}

/**
 * The path of one of our own commands, as a user would start it.
 *
 * @throws Error when it was never built: `npm run setup` does so, and `npm test` begins with it.
 */
export function ownBinary(name: "quorate" | "quoratectl" | "quorateutl"): string {
  const path = join(repositoryRoot, "node_modules/.bin", name);
  const bundle = join(repositoryRoot, `packages/cli/dist/${name}.mjs`);
  if (!existsSync(path) || !existsSync(bundle)) throw new Error(`${name} is not built; run "npm run setup"`);
  return path;
}

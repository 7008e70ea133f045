/** Data directories made by real etcd: a few in the package's fixtures, all of them where the collection lies beside the repository. */
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  copyGoldenSnapshot,
  type GoldenVersion,
  goldenManifest,
  goldenPath,
  hasGolden,
  type Scope,
  unpackGolden,
} from "../../../../tests/support/index.ts";

export interface GoldenSource {
  readonly name: string;
  has(version: GoldenVersion, set: string): boolean;
  /** What the real server answered, `single` or `cluster/cluster` for example. */
  manifest<T>(version: GoldenVersion, name: string): T;
  /** Unpacks the data directory of a set into a fresh folder, taken away with the scope. */
  unpack(scope: Scope, version: GoldenVersion, set: string): Promise<string>;
  /** Copies a backup; returns the path of the copy. */
  snapshot(scope: Scope, version: GoldenVersion, name: string): string;
}

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));
/** The size of log files that etcd prepares ahead. */
const segmentBytes = 64_000_000;

/** Unpacks a tar whose log files were cut behind their last record. */
function unpackFixture(archive: string, dir: string): void {
  const tar = brotliDecompressSync(readFileSync(archive));
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, length: number): string =>
      tar.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const path = join(dir, text(0, 100));
    const size = Number.parseInt(text(124, 12), 8);
    if (text(156, 1) === "5") mkdirSync(path, { recursive: true, mode: 0o700 });
    else {
      writeFileSync(path, tar.subarray(at + 512, at + 512 + size), { mode: 0o600 });
      if (/\.(wal|tmp)$/.test(path) && size < segmentBytes) truncateSync(path, segmentBytes);
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

const fixtureSource: GoldenSource = {
  name: "the fixtures",
  has: (version, set) => existsSync(join(fixtures, version, `${set}.tar.br`)),
  manifest: <T>(version: GoldenVersion, name: string): T => {
    const packed = readFileSync(join(fixtures, version, `${name}.manifest.json.gz`));
    return JSON.parse(gunzipSync(packed).toString()) as T;
  },
  unpack: (scope, version, set) => {
    const dir = join(scope.dir("golden"), basename(set));
    mkdirSync(dir, { mode: 0o700 });
    unpackFixture(join(fixtures, version, `${set}.tar.br`), dir);
    return Promise.resolve(dir);
  },
  snapshot: (scope, version, name) => {
    const copy = join(scope.dir("golden"), `${name}.snapshot.db`);
    writeFileSync(copy, brotliDecompressSync(readFileSync(join(fixtures, version, `${name}.snapshot.db.br`))));
    return copy;
  },
};

const collection: GoldenSource = {
  name: "the collection",
  has: (version, set) => existsSync(goldenPath(version, `${set}.data.tar.gz`)),
  manifest: goldenManifest,
  unpack: unpackGolden,
  snapshot: copyGoldenSnapshot,
};

/** The fixtures, and the collection where it is. */
export const goldenSources: readonly GoldenSource[] = hasGolden ? [fixtureSource, collection] : [fixtureSource];

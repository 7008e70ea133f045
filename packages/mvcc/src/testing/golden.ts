import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { MemoryMeta, MemoryRows } from "../conformance/index.ts";

const fixtures: string = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const collection: string = fileURLToPath(new URL("../../../../../shared/golden/", import.meta.url));

/** Data made by real etcd: a little of it in the package's fixtures, all of it where the collection lies beside the repository. */
export interface GoldenFolder {
  readonly name: string;
  readonly path: string;
  readonly versions: readonly string[];
}

export const goldenFolders: readonly GoldenFolder[] = [
  { name: "the fixtures", path: fixtures, versions: ["3.6"] },
  ...(existsSync(collection)
    ? [{ name: "the collection", path: collection, versions: ["3.4", "3.5", "3.6", "3.7"] }]
    : []),
];

export interface GoldenHash {
  readonly rev: number;
  readonly hash?: number;
  readonly compact_revision?: number;
  readonly error?: string;
}

export interface GoldenKeyValue {
  readonly key: string;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly value?: string;
  readonly lease?: string;
}

export interface GoldenStage {
  readonly name: string;
  readonly revision: number;
  readonly get: readonly { rev: number; response: { kvs?: readonly GoldenKeyValue[]; count?: number } }[];
  readonly hashkv: readonly GoldenHash[];
  readonly snapshot_file: string;
}

export interface GoldenDb {
  readonly rows: MemoryRows;
  readonly meta: MemoryMeta;
}

/** Reads a file that may lie there with or without compression; undefined when it is missing. */
export function readMaybe(folder: GoldenFolder, path: string): Buffer | undefined {
  const plain = `${folder.path}${path}`;
  if (existsSync(plain)) return readFileSync(plain);
  return existsSync(`${plain}.gz`) ? gunzipSync(readFileSync(`${plain}.gz`)) : undefined;
}

export function readJson(folder: GoldenFolder, path: string): unknown {
  const file = readMaybe(folder, path);
  if (file === undefined) throw new Error(`${folder.name}: ${path} is missing`);
  return JSON.parse(file.toString());
}

/** The database of a backup that was restored with a bumped revision. */
export function readBumped(folder: GoldenFolder, version: string): Buffer {
  const alone = readMaybe(folder, `etcd-${version}/restore-bump.db`);
  return alone ?? readArchived(`${folder.path}etcd-${version}/restore-bump.data.tar.gz`, "member/snap/db");
}

/** Reads one file of a tar archive. */
function readArchived(path: string, name: string): Buffer {
  const tar = gunzipSync(readFileSync(path));
  for (let at = 0; at + 512 <= tar.length; ) {
    const entry = tar.toString("latin1", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8);
    if (entry === name) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil((size || 0) / 512) * 512;
  }
  throw new Error(`${path} does not hold ${name}`);
}

/**
 * Loads the buckets `key` and `meta` of a database file. Written from the description of the format, only to feed
 * tests: it trusts the file.
 */
export function loadDb(file: Buffer): GoldenDb {
  const pageSize = file.readUInt32LE(24);
  const txid = (page: number): bigint => file.readBigUInt64LE(page * pageSize + 64);
  const meta = txid(0) > txid(1) ? 0 : pageSize;
  const db = { rows: new MemoryRows(), meta: new MemoryMeta() };
  walk(file, Number(file.readBigUInt64LE(meta + 32)) * pageSize, pageSize, (name, header) => {
    const bucket = name.toString("latin1");
    if (bucket !== "key" && bucket !== "meta") return;
    const put = (key: Buffer, value: Buffer): void => {
      const store = bucket === "key" ? db.rows : db.meta;
      store.put(new Uint8Array(key), new Uint8Array(value));
    };
    const root = Number(header.readBigUInt64LE(0));
    if (root === 0) walk(header.subarray(16), 0, pageSize, put);
    else walk(file, root * pageSize, pageSize, put);
  });
  return db;
}

function walk(file: Buffer, page: number, pageSize: number, visit: (key: Buffer, value: Buffer) => void): void {
  const isBranch = file.readUInt16LE(page + 8) === 1;
  const count = file.readUInt16LE(page + 10);
  for (let i = 0; i < count; i++) {
    const element = page + 16 + i * 16;
    if (isBranch) {
      walk(file, Number(file.readBigUInt64LE(element + 8)) * pageSize, pageSize, visit);
      continue;
    }
    const key = element + file.readUInt32LE(element + 4);
    const value = key + file.readUInt32LE(element + 8);
    visit(file.subarray(key, value), file.subarray(value, value + file.readUInt32LE(element + 12)));
  }
}

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { MemoryMeta, MemoryRows } from "../conformance/index.ts";

/** Data made by real etcd, kept beside the repository; tests that need it are skipped where it is missing. */
const folder: string = fileURLToPath(new URL("../../../../../shared/golden/", import.meta.url));

export const haveGolden: boolean = existsSync(folder);

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

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${folder}${path}`, "utf8"));
}

/** Reads a file that may lie there with or without compression; undefined when it is missing. */
export function readMaybe(path: string): Buffer | undefined {
  if (existsSync(`${folder}${path}`)) return readFileSync(`${folder}${path}`);
  if (existsSync(`${folder}${path}.gz`)) return gunzipSync(readFileSync(`${folder}${path}.gz`));
  return undefined;
}

/** Reads one file of a tar archive. */
export function readArchived(path: string, name: string): Buffer {
  const tar = gunzipSync(readFileSync(`${folder}${path}`));
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

import { decodeKeyValue } from "@quorate/api";
import { Backend, check } from "@quorate/backend";
import { CorruptError, crc32cUpdate, type Disk, silentLogger, utf8Decode, utf8Encode } from "@quorate/base";
import { CommandError, Exit } from "../io.ts";
import { humanBytes } from "../print/go-text.ts";
import { JsonObject } from "../print/json.ts";
import { asciiTable } from "../print/table.ts";
import { unsupported } from "../print/unsupported.ts";
import { formOf, requireFile, soleArgument, type UtlCommand } from "./context.ts";

/** What a snapshot file holds. */
export interface SnapshotStatus {
  /** CRC-32C over names of buckets, keys and values, in order. */
  readonly hash: number;
  /** Of the last record. */
  readonly revision: number;
  /** Keys that are not deleted. */
  readonly totalKey: number;
  /** Bytes of the database, without the checksum that a snapshot file ends with. */
  readonly totalSize: number;
  /** Storage version, empty before etcd 3.6. */
  readonly version: string;
}

const keyBucket = "key";
const metaBucket = utf8Encode("meta");
const storageVersion = utf8Encode("storageVersion");
const cacheBytes = 64 * 1024 * 1024;
const problemsShown = 20;
/** Behind two numbers of eight bytes and a separator, a mark says that the record is a deletion. */
const revisionBytes = 17;

/** Counts live keys as their records pass by, in the order of revisions. */
class KeyCounter {
  readonly #live: Set<string> = new Set();
  revision = 0;

  get count(): number {
    return this.#live.size;
  }

  visit(record: Uint8Array, value: Uint8Array): void {
    this.revision = Number(Buffer.from(record.buffer, record.byteOffset, record.length).readBigUInt64BE(0));
    const key = Buffer.from(decodeKeyValue(value).key).toString("latin1");
    if (record.length > revisionBytes) this.#live.delete(key);
    else this.#live.add(key);
  }
}

/** Checks the pages of a database and returns what is wrong, one line each. */
export function checkFile(disk: Disk, path: string): string[] {
  try {
    return [...check(disk, path)].map((problem) => problem.message);
  } catch (error) {
    if (error instanceof CorruptError) return [error.message];
    throw error;
  }
}

/**
 * Reads the status of a snapshot file or of a database.
 *
 * @throws CommandError when the file is damaged.
 */
export async function snapshotStatus(disk: Disk, path: string): Promise<SnapshotStatus> {
  const problems = checkFile(disk, path);
  if (problems.length > 0) {
    const shown = problems.slice(0, problemsShown).join("\n");
    const more = problems.length > problemsShown ? `\n… and ${problems.length - problemsShown} more` : "";
    const head = `snapshot file integrity check failed. ${problems.length} errors found.`;
    throw new CommandError(Exit.error, `${head}\n${shown}${more}`);
  }
  const clock = {
    nowMs: () => 0,
    wallMs: () => 0,
    startTimer: () => ({ cancel: () => undefined }),
    nextTurn: () => undefined,
  };
  const backend = await Backend.open(disk, path, {
    clock,
    logger: silentLogger,
    pageCacheBytesMax: cacheBytes,
    batchIntervalMs: 100,
    batchLimit: 10_000,
    readOnly: true,
  });
  const tx = backend.read();
  try {
    let hash = 0;
    let version = "";
    const keys = new KeyCounter();
    tx.forEachBucket((name, bucket) => {
      hash = crc32cUpdate(hash, name);
      const isKeys = utf8Decode(name) === keyBucket;
      tx.range(bucket, new Uint8Array(0), undefined, (key, value) => {
        hash = crc32cUpdate(crc32cUpdate(hash, key), value);
        if (isKeys) keys.visit(key, value);
      });
    });
    const meta = tx.bucket(metaBucket);
    if (meta !== undefined) version = utf8Decode(tx.get(meta, storageVersion) ?? new Uint8Array(0));
    return { hash, revision: keys.revision, totalKey: keys.count, totalSize: backend.size(), version };
  } finally {
    tx.close();
    await backend.close();
  }
}

const status: UtlCommand = {
  path: ["snapshot", "status"],
  usage: "<filename>",
  help: "Prints hash, revision, keys, size and storage version of a snapshot file",
  options: [],
  async run(c) {
    const form = formOf(c);
    const path = soleArgument(c, "snapshot status requires exactly one argument");
    requireFile(c, path);
    const s = await snapshotStatus(c.disk, path);
    const row = [s.hash.toString(16), String(s.revision), String(s.totalKey), humanBytes(s.totalSize), s.version];
    if (form === "simple") c.io.out(`${row.join(", ")}\n`);
    else if (form === "table") {
      c.io.out(asciiTable(["hash", "revision", "total keys", "total size", "version"], [row]));
    } else if (form === "json") {
      const json = new JsonObject()
        .always("hash", String(s.hash))
        .always("revision", String(s.revision))
        .always("totalKey", String(s.totalKey))
        .always("totalSize", String(s.totalSize))
        .always("version", JSON.stringify(s.version));
      c.io.out(`${json.text()}\n`);
    } else if (form === "fields") {
      const fields = { Hash: s.hash, Revision: s.revision, Keys: s.totalKey, Size: s.totalSize, Version: s.version };
      for (const [name, value] of Object.entries(fields)) c.io.out(`"${name}" : ${value}\n`);
    } else unsupported(form);
    return Exit.success;
  },
};

const checkCommand: UtlCommand = {
  path: ["check"],
  usage: "<db-file>",
  help: "Checks every page of a database file that no server has open",
  options: [],
  async run(c) {
    const path = soleArgument(c, "check requires exactly one argument: the database file");
    requireFile(c, path);
    const problems = checkFile(c.disk, path);
    for (const problem of problems) c.io.out(`${problem}\n`);
    if (problems.length > 0) throw new CommandError(Exit.error, `${problems.length} errors found in ${path}`);
    c.io.out("OK\n");
    return Exit.success;
  },
};

export const snapshotCommands: readonly UtlCommand[] = [status, checkCommand];

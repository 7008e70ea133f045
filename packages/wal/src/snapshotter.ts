/**
 * The snapshot directory: what raft starts from, and databases that wait to become the database.
 *
 * ```
 * snap/%016x-%016x.snap    term, index: raft's snapshot; counts only if the log has its record
 * snap/%016x.snap.db       index: a database received from a leader
 * snap/tmp*                either one while it is being written
 * snap/<name>.snap.broken  what could not be read
 * ```
 *
 * etcd writes `.snap` files under their final names and syncs no directory; here each file gets its name when it is
 * complete and durable, and the name is synced.
 */
import {
  CorruptError,
  type Disk,
  type DiskFile,
  invariant,
  type LogIndex,
  type Logger,
  silentLogger,
} from "@quorate/base";
import type { Snapshot } from "@quorate/raft";
import { hex16 } from "./segment-name.ts";
import { decodeSnapshotFile, encodeSnapshotFile, parseSnapshotFileName, snapshotFileName } from "./snap-file.ts";
import type { LogPosition } from "./snapshot-record.ts";

/** Name of the database that belongs to a raft snapshot. */
export const snapshotDbName = (index: LogIndex): string => `${hex16(index)}.snap.db`;

/** Returns undefined for names of other files. */
export function parseSnapshotDbName(name: string): LogIndex | undefined {
  const match = /^([0-9a-f]{16})\.snap\.db$/.exec(name);
  if (match === null) return undefined;
  const index = Number.parseInt(match[1] as string, 16);
  return Number.isSafeInteger(index) ? index : undefined;
}

export class Snapshotter {
  readonly directory: string;
  readonly #disk: Disk;
  readonly #logger: Logger;
  #received = 0;

  constructor(disk: Disk, directory: string, logger: Logger = silentLogger) {
    this.#disk = disk;
    this.directory = directory;
    this.#logger = logger;
  }

  /**
   * Writes the file of a snapshot, durably. The log's record of it comes after this, and the database's commit before.
   *
   * @throws DiskError, after which there is no such file, or the one that was there before.
   */
  async save(snapshot: Snapshot): Promise<void> {
    const { index, term } = snapshot.metadata;
    invariant(index > 0, "a snapshot has an index");
    const path = `${this.directory}/tmp-${hex16(term)}-${hex16(index)}`;
    const file = this.#disk.open(path, "create", 0o644);
    try {
      try {
        file.truncate(0);
        file.writeAt(encodeSnapshotFile(snapshot), 0);
        await file.sync();
      } finally {
        file.close();
      }
      this.#disk.rename(path, `${this.directory}/${snapshotFileName(snapshot.metadata)}`);
    } catch (error) {
      this.#disk.remove(path);
      throw error;
    }
    await this.#disk.syncDirectory(this.directory);
  }

  /**
   * Returns the newest snapshot that can be read and that the log vouches for, undefined when there is none.
   * A file that cannot be read is renamed to `.broken`.
   *
   * @param valid what `validSnapshots` found in the log.
   */
  load(valid: readonly LogPosition[]): Snapshot | undefined {
    for (const { name } of this.#snapshotFiles().reverse()) {
      const snapshot = this.#read(name);
      if (snapshot === undefined) continue;
      const { index, term } = snapshot.metadata;
      if (valid.some((record) => record.index === index && record.term === term)) return snapshot;
    }
    return undefined;
  }

  /** Reads one file; undefined when it was broken. */
  #read(name: string): Snapshot | undefined {
    const path = `${this.directory}/${name}`;
    try {
      return decodeSnapshotFile(readAll(this.#disk, path), path);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.#disk.rename(path, `${path}.broken`);
      const fields = { path, "broken-path": `${path}.broken`, error: error.message };
      this.#logger.log("warn", "renamed to a broken snap file", fields);
      return undefined;
    }
  }

  /** Names of `.snap` files with their positions, oldest term and index first. */
  #snapshotFiles(): { readonly name: string; readonly at: LogPosition }[] {
    const files: { name: string; at: LogPosition }[] = [];
    for (const name of this.#names()) {
      const at = parseSnapshotFileName(name);
      if (at !== undefined) files.push({ name, at });
      else if (!isKnownName(name)) {
        this.#logger.log("warn", "found unexpected non-snap file; skipping", { path: name });
      }
    }
    return files;
  }

  #names(): string[] {
    return this.#disk.info(this.directory) === undefined ? [] : this.#disk.list(this.directory);
  }

  /** The database received for the raft snapshot at `index`, undefined when there is none. */
  findDb(index: LogIndex): string | undefined {
    const path = `${this.directory}/${snapshotDbName(index)}`;
    return this.#disk.info(path)?.kind === "file" ? path : undefined;
  }

  /** Begins to receive the database of the raft snapshot at `index`. */
  receiveDb(index: LogIndex): DbReceiver {
    this.#received += 1;
    const path = `${this.directory}/tmp-${hex16(index)}-${this.#received}`;
    this.#disk.remove(path);
    return new DbReceiver(this.#disk, this.directory, path, snapshotDbName(index));
  }

  /**
   * Removes what was being written when the process ended: `tmp*`, and what a defragmentation left, `db.tmp*`.
   * For the start only.
   *
   * @returns the names removed.
   */
  removeTemporary(): Promise<string[]> {
    return this.#removeAll(this.#names().filter((name) => name.startsWith("tmp") || name.startsWith("db.tmp")));
  }

  /** Removes received databases of raft snapshots below `index`, which is that of a newer one on disk. */
  releaseDbs(index: LogIndex): Promise<string[]> {
    return this.#removeAll(this.#names().filter((name) => (parseSnapshotDbName(name) ?? index) < index));
  }

  /**
   * Removes the oldest `.snap` files and received databases beyond the number to keep, 0 for all.
   *
   * @returns the names removed.
   */
  purge(keepSnapshots: number, keepDbs: number): Promise<string[]> {
    const snapshots = this.#names().filter((name) => parseSnapshotFileName(name) !== undefined);
    const dbs = this.#names().filter((name) => parseSnapshotDbName(name) !== undefined);
    return this.#removeAll([...oldest(snapshots, keepSnapshots), ...oldest(dbs, keepDbs)]);
  }

  async #removeAll(names: string[]): Promise<string[]> {
    for (const name of names) {
      const path = `${this.directory}/${name}`;
      await this.#disk.removeLarge(path);
      this.#logger.log("info", "removed file", { path });
    }
    return names;
  }
}

/** A database on its way in. Every one ends in `commit` or `abort`. */
export class DbReceiver {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #path: string;
  readonly #name: string;
  readonly #file: DiskFile;
  #size = 0;
  #open = true;

  constructor(disk: Disk, directory: string, path: string, name: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#path = path;
    this.#name = name;
    this.#file = disk.open(path, "createNew", 0o600);
  }

  /** Bytes received so far. */
  get size(): number {
    return this.#size;
  }

  /** Where the bytes are until `commit`, for whoever checks them before. */
  get path(): string {
    return this.#path;
  }

  /** Adds the next bytes; the caller may reuse `bytes`. */
  write(bytes: Uint8Array): void {
    this.#file.writeAt(bytes, this.#size);
    this.#size += bytes.length;
  }

  /**
   * Makes what was received durable, then gives it its name. A file that has the name already stays, as in etcd.
   *
   * @returns the path.
   * @throws DiskError, after which nothing of it is left.
   */
  async commit(): Promise<string> {
    invariant(this.#open, "a received database is committed once");
    const path = `${this.#directory}/${this.#name}`;
    try {
      await this.#file.sync();
      this.#close();
      if (this.#disk.info(path) === undefined) this.#disk.rename(this.#path, path);
      else this.#disk.remove(this.#path);
    } catch (error) {
      this.abort();
      throw error;
    }
    await this.#disk.syncDirectory(this.#directory);
    return path;
  }

  /** Forgets what was received. After `commit` it does nothing. */
  abort(): void {
    if (!this.#open) return;
    this.#close();
    this.#disk.remove(this.#path);
  }

  #close(): void {
    this.#open = false;
    this.#file.close();
  }
}

function isKnownName(name: string): boolean {
  if (name === "db" || name.startsWith("tmp") || name.startsWith("db.tmp")) return true;
  return name.endsWith(".snap.db") || name.endsWith(".broken");
}

function oldest(names: readonly string[], keep: number): readonly string[] {
  return keep === 0 ? [] : names.slice(0, Math.max(0, names.length - keep));
}

function readAll(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, "read");
  try {
    const bytes = new Uint8Array(file.size());
    const count = file.readAt(bytes, 0);
    return bytes.subarray(0, count);
  } finally {
    file.close();
  }
}

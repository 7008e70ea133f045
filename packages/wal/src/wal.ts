/**
 * The write-ahead log, in etcd's files.
 *
 * ```
 * wal/0000000000000000-0000000000000000.wal   crc 0 | metadata | snapshot {0,0} | records …
 * wal/0000000000000001-000000000000c5e3.wal   crc c | metadata | hard state     | records … | zeros to 64,000,000 bytes
 * wal/0.tmp                                   the next one, being prepared
 * ```
 *
 * States of a segment: prepared under a temporary name → tail, while `append` writes to it → named (the sync that follows
 * a cut makes the old segment durable, then the new one, then gives it its name) → released → purged. Until that sync has
 * ended nothing in the new segment was promised to anybody, so a crash before may lose it.
 *
 * The directory is locked for as long as the log is open, and so is, against a real etcd, the tail found at its opening. New
 * segments are not: who writes to them has the directory, and the database, which a real etcd asks for before its log.
 */
import {
  type Disk,
  type DiskFile,
  type FileLock,
  invariant,
  type LogIndex,
  type Logger,
  silentLogger,
} from "@quorate/base";
import type { Entry, HardState } from "@quorate/raft";
import { createDirectory } from "./create.ts";
import { toError, WalError } from "./errors.ts";
import { FrameBuffer, RecordType } from "./frame.ts";
import { NextSegment } from "./next-segment.ts";
import { OrderedWrites } from "./ordered-writes.ts";
import { openSegments, type WalStart } from "./open.ts";
import { emptyHardState, type TornRecord } from "./replay.ts";
import { hex16, listSegments, type SegmentName, segmentName } from "./segment-name.ts";
import { encodeSnapshotRecord, type LogPosition, logStart, type SnapshotRecord } from "./snapshot-record.ts";

/** What etcd preallocates; 64 million, not 64 MiB. */
export const segmentBytesDefault = 64_000_000;

export interface WalOptions {
  /** After how many bytes the next segment is begun; etcd reads any size. */
  readonly segmentBytes?: number;
  /** What was written counts as durable at once; a power cut loses it, and with it the promises that others rely on. */
  readonly noSync?: boolean;
  /** From how many bytes on a write goes to a thread. */
  readonly threadBytesMin?: number;
  readonly logger?: Logger;
}

/** What a log held when it was opened. */
export interface OpenedWal {
  readonly wal: Wal;
  /** `etcdserverpb.Metadata`: member and cluster. */
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  /** The entries above the position asked for, without a gap. */
  readonly entries: Entry[];
  /** The half-written record that was cut off, after the segment was copied to `<name>.broken`. */
  readonly repaired: TornRecord | undefined;
}

/** A segment in use. */
interface Segment extends SegmentName {
  readonly file: DiskFile;
  /** The name that it has until its cut is settled. */
  readonly temporaryPath: string | undefined;
}

export class Wal {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #noSync: boolean;
  readonly #logger: Logger;
  readonly #metadata: Uint8Array;
  readonly #frames: FrameBuffer;
  readonly #writes: OrderedWrites;
  readonly #next: NextSegment;
  readonly #lock: FileLock;
  /** All that are open, the tail last. */
  #segments: Segment[];
  /** Segments that were cut but have no name yet, in order. */
  #unnamed: Segment[] = [];
  #tail: Segment;
  #position: number;
  #hardState: HardState;
  #lastIndex: LogIndex;
  /** Of the newest snapshot that this process noted. */
  #snapshotIndex: LogIndex = 0;

  /** Counts writes, to know what a sync covers. */
  #written = 0;
  #synced = 0;
  #syncing: { readonly covers: number; readonly done: Promise<void> } | undefined;
  #following: Promise<void> | undefined;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  private constructor(disk: Disk, directory: string, start: WalStart, options: WalOptions) {
    this.#disk = disk;
    this.#directory = directory;
    this.#segmentBytes = options.segmentBytes ?? segmentBytesDefault;
    this.#noSync = options.noSync === true;
    this.#logger = options.logger ?? silentLogger;
    this.#metadata = start.metadata;
    this.#hardState = start.hardState;
    this.#lastIndex = start.lastIndex;
    this.#frames = new FrameBuffer(start.crc);
    this.#writes = new OrderedWrites((error) => this.#fail(error), options.threadBytesMin);
    this.#next = new NextSegment(disk, directory, this.#segmentBytes);
    this.#lock = start.lock;
    this.#segments = start.segments.map((segment) => ({ ...segment, temporaryPath: undefined }));
    const tail = this.#segments.at(-1);
    invariant(tail !== undefined, "a log has at least one segment");
    this.#tail = tail;
    this.#position = start.position;
  }

  /**
   * Makes a new log in `directory`, which appears as a whole and durably or not at all.
   *
   * @param metadata is kept.
   * @throws WalError when there is a log already; DiskError.
   */
  static async create(disk: Disk, directory: string, metadata: Uint8Array, options: WalOptions = {}): Promise<Wal> {
    const frames = new FrameBuffer();
    frames.addCrc();
    frames.addData(RecordType.metadata, metadata);
    frames.addData(RecordType.snapshot, encodeSnapshotRecord(logStart));
    const name = segmentName(0, 0);
    const bytes = options.segmentBytes ?? segmentBytesDefault;
    const { file, lock } = await createDirectory(disk, directory, name.name, frames.bytes(), bytes);
    const start = {
      lock,
      segments: [{ ...name, file }],
      position: frames.length,
      crc: frames.crc,
      metadata,
      hardState: emptyHardState,
      lastIndex: 0,
    };
    return new Wal(disk, directory, start, options);
  }

  /**
   * Opens a log to write on, and reads all above `from`, which is the position of the snapshot that raft starts from
   * (index 0, term 0 for none). A half-written record at the end is cut off.
   *
   * @throws WalCorruptError with file and offset for damage that no crash explains; WalError; DiskError.
   */
  static async open(disk: Disk, directory: string, from: LogPosition, options: WalOptions = {}): Promise<OpenedWal> {
    const bytes = options.segmentBytes ?? segmentBytesDefault;
    const { start, entries, repaired } = await openSegments(disk, directory, from, bytes);
    const logger = options.logger ?? silentLogger;
    if (repaired !== undefined) logger.log("warn", "repaired WAL", { path: repaired.file, ...repaired });
    const wal = new Wal(disk, directory, start, options);
    return { wal, metadata: start.metadata, hardState: start.hardState, entries, repaired };
  }

  /** The last index that the log knows, of an entry or a snapshot. */
  get lastIndex(): LogIndex {
    return this.#lastIndex;
  }

  /** The hard state written last. */
  get hardState(): HardState {
    return this.#hardState;
  }

  /**
   * Writes entries, then the hard state, into the page cache: one write for all, which may still be under way when this
   * returns if it is large. Durable after `sync`. The hard state that lets a snapshot count goes in front of the entries
   * behind it.
   *
   * @param entries may replace earlier ones, never leave a gap; they are encoded by this call if they were not.
   * @throws DiskError, after which the log can only be closed.
   */
  append(hardState: HardState | undefined, entries: readonly Entry[]): void {
    this.#check();
    const frames = this.#frames;
    const state = hardState !== undefined && !isEmptyState(hardState) ? hardState : undefined;
    // A torn write must not leave entries behind a snapshot that does not count.
    const isFirst = state !== undefined && this.#snapshotIndex > this.#hardState.commit;
    if (state !== undefined && isFirst) this.#addState(state);
    for (let i = 0; i < entries.length; i++) frames.addEntry(entries[i] as Entry);
    if (entries.length > 0) this.#lastIndex = (entries[entries.length - 1] as Entry).index;
    if (state !== undefined && !isFirst) this.#addState(state);
    if (frames.length > 0) this.#write();
  }

  #addState(state: HardState): void {
    invariant(state.term >= this.#hardState.term, "the term goes back", () => ({ term: state.term }));
    this.#frames.addState(state);
    this.#hardState = state;
  }

  /**
   * Notes that a snapshot is on disk, and syncs. Goes in front of the hard state and the entries that build on it.
   *
   * @throws DiskError, after which the log can only be closed.
   */
  saveSnapshot(record: SnapshotRecord): Promise<void> {
    this.#check();
    invariant(record.index === 0 || record.confState !== undefined, "a snapshot record has its configuration");
    this.#frames.addData(RecordType.snapshot, encodeSnapshotRecord(record));
    if (record.index > this.#lastIndex) this.#lastIndex = record.index;
    this.#snapshotIndex = record.index;
    this.#write();
    return this.sync();
  }

  /**
   * Makes all that was appended before this call durable. Calls during a sync share the next one.
   * A failure is final: this call and every later one reject with it.
   */
  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    // It has not started, so it will cover this call's writes; one beside it would name the same segments again.
    if (this.#following !== undefined) return this.#following;
    const syncing = this.#syncing;
    if (syncing === undefined) return this.#written === this.#synced ? Promise.resolve() : this.#startSync();
    if (syncing.covers === this.#written) return syncing.done;
    this.#following = syncing.done.then(() => {
      this.#following = undefined;
      return this.#startSync();
    });
    return this.#following;
  }

  /**
   * Lets go of segments that a start from a snapshot at `index` does not read. They stay on disk until `purge`.
   */
  release(index: LogIndex): void {
    let keepFrom = 0;
    this.#segments.forEach((segment, i) => {
      // The last segment that begins below the index holds the entry at the index.
      if (segment.firstIndex < index && !this.#unnamed.includes(segment)) keepFrom = i;
    });
    // A segment is durable, and so may be closed, once its successor has a name.
    for (const segment of this.#segments.splice(0, keepFrom)) segment.file.close();
  }

  /**
   * Removes the oldest segments beyond `keep`, as far as this log has released them.
   *
   * @param keep how many stay at least; 0 keeps all.
   * @param most how many go at most.
   * @returns the names removed.
   */
  async purge(keep: number, most: number = Number.POSITIVE_INFINITY): Promise<string[]> {
    const removed: string[] = [];
    if (keep === 0) return removed;
    const names = listSegments(this.#disk, this.#directory);
    const held = new Set(this.#segments.map((segment) => segment.name));
    for (const { name } of names.slice(0, Math.max(0, names.length - keep))) {
      if (held.has(name) || removed.length >= most) break;
      const path = `${this.#directory}/${name}`;
      await this.#disk.removeLarge(path);
      // One by one: a power cut that kept a later removal only would leave a gap.
      await this.#disk.syncDirectory(this.#directory);
      removed.push(name);
      this.#logger.log("info", "purged", { path });
    }
    return removed;
  }

  /** Syncs what is left and closes all files; the log can no longer be used. Idempotent. Rejects when the sync fails. */
  close(): Promise<void> {
    if (this.#closing === undefined) this.#closing = this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.sync();
    } finally {
      this.#fail(new WalError("closed", `${this.#directory}: the log is closed`));
      // A thread must not write to a descriptor that has become another file's.
      await this.#writes.underWay?.catch(() => undefined);
      await this.#next.close();
      for (const segment of this.#segments) segment.file.close();
      this.#lock.release();
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Notes what all later calls fail with. */
  #fail(error: unknown): void {
    if (this.#failure === undefined) this.#failure = toError(error);
  }

  /** Writes what was built, and begins the next segment when this one is full. */
  #write(): void {
    const frames = this.#frames;
    try {
      const { length } = frames;
      this.#writes.write(this.#tail.file, frames, this.#position);
      this.#position += length;
      this.#written += 1;
      // Two temporary names are used in turn: one that a cut segment still has must not be given to another.
      if (this.#position * 2 >= this.#segmentBytes && this.#unnamed.length < 2) this.#next.prepare();
      if (this.#position >= this.#segmentBytes) this.#cut();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Goes on in the next segment, if it is ready; until then this one grows past its size, which every reader allows. */
  #cut(): void {
    const prepared = this.#next.take();
    if (prepared === undefined) return;
    const frames = this.#frames;
    frames.addCrc();
    frames.addData(RecordType.metadata, this.#metadata);
    if (!isEmptyState(this.#hardState)) frames.addState(this.#hardState);
    this.#tail.file.truncate(this.#position);
    const { length } = frames;
    // In its turn: what the old segment still gets comes before what the new one begins with.
    this.#writes.write(prepared.file, frames, 0);
    this.#position = length;
    const name = segmentName(this.#tail.sequence + 1, this.#lastIndex + 1);
    this.#tail = { ...name, file: prepared.file, temporaryPath: prepared.path };
    this.#segments.push(this.#tail);
    this.#unnamed.push(this.#tail);
  }

  #startSync(): Promise<void> {
    const covers = this.#written;
    const done = this.#syncFiles().then(
      () => {
        this.#synced = covers;
        this.#syncing = undefined;
      },
      (error: unknown) => {
        this.#syncing = undefined;
        this.#fail(error);
        throw error;
      },
    );
    this.#syncing = { covers, done };
    return done;
  }

  #syncFile(file: DiskFile): Promise<void> {
    return this.#noSync ? Promise.resolve() : file.sync();
  }

  async #syncFiles(): Promise<void> {
    // What is written and cut from now on is for the next sync; these segments keep their place in front of it.
    const cut = this.#unnamed.slice();
    const tail = this.#tail.file;
    const { underWay } = this.#writes;
    if (underWay !== undefined) await underWay;
    if (cut.length === 0) return this.#syncFile(tail);
    for (const segment of cut) {
      const previous = this.#segments[this.#segments.indexOf(segment) - 1];
      invariant(previous !== undefined, "a cut leaves a segment behind");
      await this.#syncFile(previous.file);
      await this.#syncFile(segment.file);
      const path = `${this.#directory}/${segment.name}`;
      this.#disk.rename(segment.temporaryPath as string, path);
      await this.#disk.syncDirectory(this.#directory);
      this.#unnamed.shift();
      this.#logger.log("info", "created a new WAL segment", { path, sequence: hex16(segment.sequence) });
    }
  }
}

/** etcd writes no hard state whose three fields are zero. */
function isEmptyState(state: HardState): boolean {
  return state.term === 0 && state.commit === 0 && state.vote === 0n;
}

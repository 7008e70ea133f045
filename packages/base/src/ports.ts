/**
 * The ports through which everything up to `member` reaches the world. The simulator implements them too,
 * so each has a conformance suite that the real one and the fake one pass.
 */

/** A timer that was started; cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time. Neither reading goes backwards by itself, but the wall clock may be set. */
export interface Clock {
  /** Milliseconds, possibly fractional, since an arbitrary start; never goes back. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01 UTC. */
  wallMs(): number;
  /** Calls `fire` once, at least `delayMs` from now, never from within this call. */
  startTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `run` when what is now queued in this turn of the loop has run and I/O had its turn. */
  nextTurn(run: () => void): void;
  /**
   * Runs now what waits for the next turn, and the timers that are due; nothing within a turn. For whoever is called by the
   * kernel's events one after the other, at the start of such a call. Undefined where every event has a turn of its own.
   */
  turnNow?(): void;
  /** When the turn began that runs now, as a reading of `nowMs`; undefined where nobody measures turns. */
  readonly turnStartedMs?: number | undefined;
}

/** A source of random numbers, seeded in simulation. */
export interface Random {
  /** Returns an integer in [0, bound); `bound` is a positive safe integer up to 2^32. */
  below(bound: number): number;
  /** Returns a uniformly drawn unsigned 64-bit integer. */
  u64(): bigint;
}

/** What a path is, and how long. */
export interface FileInfo {
  readonly kind: "file" | "directory" | "other";
  /** Bytes; for directories without meaning. */
  readonly size: number;
  /** Permission bits, as 0o600. */
  readonly mode: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly modifiedMs: number;
}

/** A held exclusive lock; released with the process or by `release`. */
export interface FileLock {
  release(): void;
}

/**
 * An open file. Reads and writes go to the page cache, most of them at once; only `sync` waits for the disk.
 * All failures throw `DiskError`. Nothing may be used after `close`.
 */
export interface DiskFile {
  readonly path: string;
  /** Bytes. */
  size(): number;
  /**
   * Reads into all of `target` from `position` on.
   *
   * @returns how many bytes were there; less than `target.length` only at the end of the file.
   */
  readAt(target: Uint8Array, position: number): number;
  /** Writes all of `bytes` at `position`; the caller may reuse `bytes` afterwards. */
  writeAt(bytes: Uint8Array, position: number): void;
  /**
   * Writes all of `parts`, one behind the other, from `position` on, without holding the caller. Until it is done nobody
   * changes them, and what a read gives of these places may be old or new.
   */
  writeAllAt(parts: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Makes everything written before this call durable (`fdatasync`), together with the file's size.
   * A failure is final: pages may be clean though lost, so nobody retries.
   */
  sync(): Promise<void>;
  /** Cuts or extends (with a hole that reads as zeros) to `size` bytes. */
  truncate(size: number): void;
  /** Reserves blocks for the first `size` bytes and extends the file to it; reads as zeros. */
  allocate(size: number): Promise<void>;
  close(): void;
}

/** How `Disk.open` treats a file that is there or not. */
export type OpenMode =
  /** Must exist; read only. */
  | "read"
  /** Must exist; read and write. */
  | "write"
  /** Read and write; created empty when missing. */
  | "create"
  /** Read and write; must not exist. */
  | "createNew";

/** Files and directories. Paths are absolute or relative to the process, separated by `/`. */
export interface Disk {
  /** @param mode permission bits of a file that this call creates; 0o600 unless given. */
  open(path: string, how: OpenMode, mode?: number): DiskFile;
  /** Returns undefined when nothing is there. */
  info(path: string): FileInfo | undefined;
  /** Names in a directory, sorted by code unit. */
  list(path: string): string[];
  /** Creates a directory and its missing parents, 0o700 unless `mode` says otherwise; one that is there is left alone. */
  makeDirectory(path: string, mode?: number): void;
  /** Replaces `to` when it is there. Durable only after `syncDirectory` of the parent. */
  rename(from: string, to: string): void;
  /** Removes a file; a missing one is not an error. */
  remove(path: string): void;
  /** As `remove`, for a file that may be large: freeing its blocks does not hold the caller. */
  removeLarge(path: string): Promise<void>;
  /** Removes a directory with all it holds; a missing one is not an error. */
  removeTree(path: string): void;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes an exclusive advisory lock (`flock`) on a file that exists, which excludes other processes and a real etcd.
   *
   * @returns undefined when another holder has it.
   */
  lock(file: DiskFile): Promise<FileLock | undefined>;
  /** As `lock`, on a directory that exists, whatever it is called later. */
  lockDirectory(path: string): Promise<FileLock | undefined>;
}

/** A file operation failed. `code` is the operating system's name, as `ENOSPC`. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: string;
  readonly path: string;
  readonly operation: string;

  constructor(operation: string, path: string, code: string, options?: { readonly cause?: unknown }) {
    super(`${operation} ${path}: ${code}`, options);
    this.operation = operation;
    this.path = path;
    this.code = code;
  }
}

/** Log levels in etcd's order. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

/** Structured facts of a log line; the order of keys is kept. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log lines go; etcd's zap form is made by whoever implements it. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

/** A logger that forgets. */
export const silentLogger: Logger = { log: () => undefined };

/** The part of `AbortSignal` that the core uses, so that it needs no DOM types. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

import { DiskError } from "@quorate/base";
import type { Dice } from "./dice.ts";
import { Directory, Inode, NameTree } from "./disk-names.ts";
import { EventKind, type Kernel, type Life } from "./kernel.ts";

/** A process touched its disk after it had ended: whatever runs of it comes to its end here. */
export class DeadProcessError extends Error {
  override readonly name = "DeadProcessError";
}

/** Who uses a disk: a process, as long as it lives. */
export interface DiskUser {
  readonly disk: SimDisk;
  readonly life: Life;
  wallMs(): number;
}

/** What becomes of a sync. */
export type SyncFate = "done" | "failed" | "lost";

/** How a disk misbehaves; all of it may change at any time. */
export interface DiskTroubles {
  /** Each sync takes so much longer. */
  slowUs: number;
  /** No sync ends before this time. */
  stalledUntilUs: number;
  /** No sync of the database ends before this time, as where it has a slow disk of its own: entries are not applied. */
  databaseStalledUntilUs: number;
  /** So many further syncs fail. */
  syncFailures: number;
  /** Syncs of files say that they are done, and do nothing. */
  lying: boolean;
  /** Only files whose paths begin like this are lied about. */
  liesUnder: string;
  /** So many further reads fail. */
  readFailures: number;
  /** Every read of files with this in their path fails; empty for none. */
  unreadable: string;
  /** Bytes that can still be written where the file grows; Infinity when there is room. */
  room: number;
  /** After so many further steps `onStep` is called; 0 for never. */
  stepsLeft: number;
  /** Likewise, where only the ends of syncs are counted: just before one is done, and just before it is told. */
  syncStepsLeft: number;
}

export const noTroubles = (): DiskTroubles => ({
  slowUs: 0,
  stalledUntilUs: 0,
  databaseStalledUntilUs: 0,
  syncFailures: 0,
  lying: false,
  liesUnder: "/",
  readFailures: 0,
  unreadable: "",
  room: Number.POSITIVE_INFINITY,
  stepsLeft: 0,
  syncStepsLeft: 0,
});

/** How fast a disk is when nothing is wrong with it. */
export interface DiskSpeed {
  readonly syncUs: number;
  readonly syncJitterUs: number;
}

/** Who watches what is written and what becomes durable. */
export interface DiskWatcher {
  onWrite(path: string, inode: Inode, bytes: Uint8Array): void;
  /** A sync begins; what is returned is called when it is durable. */
  onSyncStart(inode: Inode): (() => void) | undefined;
  /** Names have become durable. */
  onNames(): void;
}

/** How a power cut treats what is not durable. */
export type CrashMode = "oldest" | "newest" | "sectors" | "mixed";

/** How long a write takes that a thread of its own does. */
const writeUs = 50;

/**
 * A disk: files with a page cache over durable sectors. It outlives the processes that use it; each process gets a port of
 * its own, which goes dead with it.
 */
export class SimDisk {
  readonly names: NameTree = new NameTree();
  readonly troubles: DiskTroubles = noTroubles();
  readonly kernel: Kernel;
  readonly dice: Dice;
  watcher: DiskWatcher | undefined;
  /** Called when `stepsLeft` has run out, before the step is taken. */
  onStep: (() => void) | undefined;
  /** Syncs that were claimed but not made since the last power cut. */
  lies = 0;
  steps = 0;
  readonly #speed: DiskSpeed;
  #inodes = 0;
  /** A check reads, not the member. */
  #looking = false;
  #slowUntilUs = 0;

  constructor(kernel: Kernel, dice: Dice, speed: DiskSpeed) {
    this.kernel = kernel;
    this.dice = dice;
    this.#speed = speed;
  }

  newInode(mode: number, modifiedMs: number): Inode {
    this.#inodes += 1;
    return new Inode(this.#inodes, mode, modifiedMs);
  }

  /** Counts a step, and lets a planned crash happen in front of it. */
  step(life: Life, operation: string, path: string): void {
    if (!life.alive) throw new DeadProcessError(`${operation} ${path} after the end`);
    this.steps += 1;
    if (this.troubles.stepsLeft === 0) return;
    this.troubles.stepsLeft -= 1;
    if (this.troubles.stepsLeft === 0) this.#strike(life, `${operation} ${path}`);
  }

  #strike(life: Life, what: string): void {
    this.onStep?.();
    if (!life.alive) throw new DeadProcessError(`${what} at a crash`);
  }

  /** A sync is about to be done, or to be told. */
  #stepOfSync(life: Life): void {
    if (this.troubles.syncStepsLeft === 0) return;
    this.troubles.syncStepsLeft -= 1;
    if (this.troubles.syncStepsLeft === 0) this.#strike(life, "the end of a sync");
  }

  /** Lets `look` read what its member would read, without the failures that are planned for the member. */
  looking(look: () => void): void {
    this.#looking = true;
    try {
      look();
    } finally {
      this.#looking = false;
    }
  }

  /** Lets a planned failure of a read happen. */
  beforeRead(path: string): void {
    if (this.#looking) return;
    const { unreadable } = this.troubles;
    if (unreadable !== "" && path.includes(unreadable)) throw new DiskError("read", path, "EIO");
    if (this.troubles.readFailures === 0) return;
    this.troubles.readFailures -= 1;
    throw new DiskError("read", path, "EIO");
  }

  /** When the last sync that a stall holds up goes on, and those that were slow from their beginning are over. */
  get stillUntilUs(): number {
    return Math.max(this.troubles.stalledUntilUs, this.#slowUntilUs);
  }

  /** Takes room for a file that grows. */
  takeRoom(bytes: number, operation: string, path: string): void {
    if (bytes <= 0 || this.troubles.room === Number.POSITIVE_INFINITY) return;
    if (bytes > this.troubles.room) throw new DiskError(operation, path, "ENOSPC");
    this.troubles.room -= bytes;
  }

  /** @param path of the file; undefined for a directory, about which disks do not lie. */
  fateOfSync(path: string | undefined): SyncFate {
    if (this.troubles.syncFailures > 0) {
      this.troubles.syncFailures -= 1;
      return "failed";
    }
    return this.troubles.lying && path?.startsWith(this.troubles.liesUnder) === true ? "lost" : "done";
  }

  #stalledUntilUs(path: string): number {
    const { stalledUntilUs, databaseStalledUntilUs } = this.troubles;
    return path.endsWith("/db") ? Math.max(stalledUntilUs, databaseStalledUntilUs) : stalledUntilUs;
  }

  /** Resolves, for a process that lives, when a sync of `path` that starts now ends. */
  whenSynced(life: Life, path: string, end: () => void): Promise<void> {
    const jitterUs = this.#speed.syncJitterUs === 0 ? 0 : this.dice.below(this.#speed.syncJitterUs + 1);
    const endUs = this.kernel.nowUs + this.#speed.syncUs + jitterUs + this.troubles.slowUs;
    if (this.troubles.slowUs > 0) this.#slowUntilUs = Math.max(this.#slowUntilUs, endUs);
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        const stalledUntilUs = this.#stalledUntilUs(path);
        if (stalledUntilUs > this.kernel.nowUs) {
          this.kernel.at(stalledUntilUs, EventKind.disk, life, finish);
          return;
        }
        this.#stepOfSync(life);
        try {
          end();
          this.#stepOfSync(life);
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.kernel.at(Math.max(endUs, this.#stalledUntilUs(path)), EventKind.disk, life, finish);
    });
  }

  /** Resolves, for a process that lives, when a write that a thread of its own does has been done. */
  whenWritten(life: Life, write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.kernel.at(this.kernel.nowUs + writeUs, EventKind.disk, life, () => {
        try {
          write();
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Ends all troubles but a stall and lies, which have an end of their own. */
  calm(): void {
    const { stalledUntilUs, lying, liesUnder } = this.troubles;
    Object.assign(this.troubles, noTroubles(), { stalledUntilUs, lying, liesUnder });
  }

  /** True when a power cut could lose something. */
  get dirty(): boolean {
    return this.names.dirty || this.names.files().some(({ inode }) => inode.pages.dirty);
  }

  /** The locks of a process that ended are gone; what it wrote stays in the cache. */
  releaseLocks(): void {
    this.names.releaseLocks();
  }

  /** Cuts the power. */
  crash(mode: CrashMode): void {
    const { dice } = this;
    const files = this.names.files();
    this.names.releaseLocks();
    // Names are kept in their order up to some point, as a journal keeps them.
    let keeps = mode !== "oldest";
    this.names.crash(() => {
      if (mode === "sectors" || mode === "mixed") keeps = keeps && !dice.chance(300);
      return keeps;
    });
    for (const { inode } of files) {
      const { pages } = inode;
      if (!pages.dirty) continue;
      const fileMode = mode === "mixed" ? dice.pick(["oldest", "newest", "sectors"] as const) : mode;
      if (fileMode === "oldest") pages.crash(() => 0, false);
      else if (fileMode === "newest") pages.crash((newest) => newest, true);
      else pages.crash((newest) => dice.below(newest + 1), dice.chance(500));
    }
    this.lies = 0;
  }

  /** The cache writes some changed page of some file. */
  writeBack(): void {
    const dirty = this.names.files().filter(({ inode }) => inode.pages.dirty);
    this.dice.pickAny(dirty)?.inode.pages.writeBack((bound) => this.dice.below(bound));
  }

  /** What was claimed to be synced is written at last, with all that is in the cache. */
  keepPromises(): void {
    if (this.lies === 0) return;
    for (const { inode } of this.names.files()) inode.pages.settle();
    this.lies = 0;
  }

  /** A copy of everything, for a disk that is rolled back later. */
  image(): Directory {
    return this.names.cloneRoot();
  }

  restore(image: Directory): void {
    const holder = new NameTree();
    holder.replaceRoot(image);
    this.names.replaceRoot(holder.cloneRoot());
  }

  wipe(): void {
    this.names.replaceRoot(new Directory(0o755, 0));
    this.lies = 0;
  }
}

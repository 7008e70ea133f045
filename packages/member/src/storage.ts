import { KvError } from "@quorate/api";
import { Backend } from "@quorate/backend";
import { type ClusterId, CorruptError, type LogIndex, type MemberId, type Term } from "@quorate/base";
import type { InitialState, Snapshot } from "@quorate/raft";
import { StateMachine } from "@quorate/state";
import { type DbReceiver, Snapshotter, Wal } from "@quorate/wal";
import type { MemberOptions, MemberPorts, RemoteMember } from "./options.ts";
import {
  adoptSnapshot,
  openState,
  restore,
  restoreRowsPerTurn,
  type State,
  type StorageEvents,
  turn,
} from "./database.ts";
import { RetiredStates } from "./retired-states.ts";
import { openStorage, type StorageParts, toBootError } from "./opening.ts";

/** Takes the database of a snapshot that is being received. Exactly one of `commit` and `abort` ends it. */
export interface DatabaseSink {
  write(chunk: Uint8Array): void;
  commit(): Promise<void>;
  abort(): void;
}

function toSink(receiver: DbReceiver): DatabaseSink {
  return {
    write: (chunk) => receiver.write(chunk),
    commit: async () => {
      await receiver.commit();
    },
    abort: () => receiver.abort(),
  };
}

/** What a member keeps on its disk: log, raft snapshots and database, opened and brought in line with each other. */
export class Storage {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly wal: Wal;
  readonly initial: InitialState;
  /** The term of the entry at `initial.applied`. */
  readonly appliedTerm: Term;
  /** Members to answer before the log has named them; only for a member that joins. */
  readonly remotes: readonly RemoteMember[];
  /** Told once when the database or its quota has something to say. */
  events: StorageEvents = {};
  readonly #options: MemberOptions;
  readonly #ports: MemberPorts;
  readonly #snapshotter: Snapshotter;
  readonly #databasePath: string;
  readonly #retired: RetiredStates;
  #state: State;
  /** While a received database takes the place of the present one. */
  #replacing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(parts: StorageParts) {
    this.memberId = parts.memberId;
    this.clusterId = parts.clusterId;
    this.wal = parts.wal;
    this.initial = parts.initial;
    this.appliedTerm = parts.appliedTerm;
    this.remotes = parts.remotes;
    this.#options = parts.options;
    this.#ports = parts.ports;
    this.#snapshotter = parts.snapshotter;
    this.#databasePath = parts.databasePath;
    this.#retired = new RetiredStates(parts.ports.clock, parts.ports.logger);
    this.#state = parts.state;
    this.#watch(parts.state);
  }

  /**
   * Opens or creates everything.
   *
   * @throws BootError with one line for the operator.
   */
  static async open(options: MemberOptions, ports: MemberPorts): Promise<Storage> {
    try {
      return await openStorage(options, ports, (parts) => new Storage(parts));
    } catch (error) {
      throw toBootError(options, error);
    }
  }

  get backend(): Backend {
    return this.#state.backend;
  }

  get machine(): StateMachine {
    return this.#state.machine;
  }

  #watch(state: State): void {
    state.backend.onBeforeCommit = () => state.machine.progress.write();
    state.backend.onCommitted = (ms) => {
      this.#ports.observer?.onBackendCommit?.(ms);
      this.events.onCommitted?.();
    };
    state.backend.onFailure = (error) => this.events.onFailure?.(error);
    state.compaction.onFailure = (error) => this.events.onFailure?.(error);
  }

  /** Makes a raft snapshot durable, then its record in the log; `append` may write what belongs behind the record. */
  async saveSnapshot(snapshot: Snapshot, append?: () => Promise<void>): Promise<void> {
    await this.#snapshotter.save(snapshot);
    const { index } = snapshot.metadata;
    await Promise.all([this.wal.saveSnapshot(snapshot.metadata), append?.()]);
    this.wal.release(index);
    await this.#snapshotter.releaseDbs(index);
  }

  /** Where the database of a snapshot is written while it arrives. */
  receiveDatabase(index: LogIndex): DatabaseSink {
    return toSink(this.#snapshotter.receiveDb(index));
  }

  /**
   * Puts the received database of `snapshot` in the place of the present one, which answers reads until the new one is
   * ready, and goes on answering those that have begun by then.
   *
   * @param check called between the steps; what it throws ends the work, and the present database stays.
   * @param onSwitched called in the turn in which `machine` changes.
   */
  async installDatabase(snapshot: Snapshot, check: () => void, onSwitched: () => void): Promise<void> {
    let done = (): void => undefined;
    this.#replacing = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      await this.#replaceDatabase(snapshot, check, onSwitched);
    } finally {
      this.#replacing = undefined;
      done();
    }
  }

  async #replaceDatabase(snapshot: Snapshot, check: () => void, onSwitched: () => void): Promise<void> {
    const { disk } = this.#ports;
    const { index, term, confState } = snapshot.metadata;
    const received = this.#snapshotter.findDb(index);
    if (received === undefined) {
      throw new CorruptError(this.#snapshotter.directory, `the database of the snapshot at ${index} is missing`);
    }
    const old = this.#state;
    // A defragmentation must not take the name back.
    await old.backend.endWrites();
    check();
    disk.rename(received, this.#databasePath);
    await disk.syncDirectory(this.#snapshotter.directory);
    check();
    const next = await openState(this.#options, this.#ports, this.#databasePath, () => this.events);
    try {
      check();
      await restore(next.machine, this.#ports, check);
      adoptSnapshot(next.machine, snapshot.data, index, term, confState);
    } catch (error) {
      await next.backend.close();
      throw error;
    }
    this.#state = next;
    this.#watch(next);
    next.compaction.start();
    old.compaction.stop();
    old.backend.onBeforeCommit = undefined;
    this.#retired.add({ backend: old.backend, store: old.machine.store });
    onSwitched();
  }

  /**
   * Removes snapshots that nobody needs, and the oldest such segment of the log: a disk that frees several at once has
   * no time for anything else.
   *
   * @returns whether there may be more.
   */
  async purge(): Promise<boolean> {
    const segments = await this.wal.purge(this.#options.walFilesMax, 1);
    await this.#snapshotter.purge(this.#options.snapshotFilesMax, this.#options.snapshotFilesMax);
    return segments.length > 0;
  }

  /** Starts deleting what a compaction left. */
  startCompaction(): void {
    this.#state.compaction.start();
  }

  /** Resolves when no compaction is under way and its deletes are durable. Rejects with `KvError` when the member stops. */
  async whenCompacted(): Promise<void> {
    for (;;) {
      const state = this.#state;
      await state.compaction.idle();
      await this.#replacing;
      if (state !== this.#state) continue;
      try {
        await state.backend.commit();
      } catch (error) {
        throw new KvError("stopped", { cause: error });
      }
      return;
    }
  }

  /** Hashes all rows up to `revision`, in bounded turns; 0 is the newest. Rejects with `KvError`. */
  async hashKv(revision: number): Promise<{ hash: number; compactRevision: number; hashRevision: number }> {
    const job = this.machine.store.hashByRev(revision);
    if ("kind" in job) throw new KvError(job.kind === "future" ? "futureRev" : "compacted");
    try {
      for (;;) {
        const result = job.step(restoreRowsPerTurn);
        if (result !== undefined) {
          return { hash: result.hash, compactRevision: result.compactRevision, hashRevision: result.revision };
        }
        await turn(this.#ports.clock);
      }
    } finally {
      job.close();
    }
  }

  /** The state in memory is not to be trusted: nothing of what is not durable yet becomes so. */
  condemn(error: unknown): void {
    this.backend.onBeforeCommit = () => {
      throw error;
    };
  }

  /** Commits what was applied and lets go of all files. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#state.compaction.stop();
    try {
      await this.#retired.close();
      await this.backend.close(new KvError("stopped"));
    } finally {
      await this.wal.close();
    }
  }
}

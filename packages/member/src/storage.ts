import { decodeMetadata, encodeMetadata, KvError } from "@quorate/api";
import { Backend, BackendLockedError, type Bucket } from "@quorate/backend";
import {
  type Clock,
  type ClusterId,
  compareIds,
  CorruptError,
  type Disk,
  DiskError,
  equalBytes,
  hexId,
  type LogIndex,
  type Logger,
  type MemberId,
  type Term,
  utf8Encode,
} from "@quorate/base";
import { MvccStore } from "@quorate/mvcc";
import type { ConfState, Entry, HardState, InitialState, Snapshot } from "@quorate/raft";
import {
  type BucketName,
  bucketNames,
  decodeV2Store,
  type MachineOptions,
  parseVersion,
  StateMachine,
  type Table,
  type Tables,
  understands,
} from "@quorate/state";
import { type DbReceiver, Snapshotter, validSnapshots, Wal, WalError } from "@quorate/wal";
import { BootError, birthLog, planBirth } from "./bootstrap.ts";
import { CompactionRunner } from "./compaction-runner.ts";
import { alignOlderMembers } from "./older-members.ts";
import type { MemberOptions, MemberPorts, RemoteMember } from "./options.ts";

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

/** Rows that a restore takes in per turn of the loop. */
const restoreRowsPerTurn = 5000;

/** The tables of a database, each over a bucket of its own. */
function tablesOf(backend: Backend): Tables {
  const { batch } = backend;
  const tables: Partial<Record<BucketName, Table>> = {};
  for (const name of bucketNames) {
    const bucket: Bucket = batch.createBucket(utf8Encode(name));
    tables[name] = {
      get: (key) => batch.get(bucket, key),
      put: (key, value) => batch.put(bucket, key, value),
      delete: (key) => {
        batch.delete(bucket, key);
      },
      range: (from, to, visit) => {
        batch.range(bucket, from, to, visit);
      },
    };
  }
  return tables as Tables;
}

function storeOf(backend: Backend, tables: Tables, logger: Logger): MvccStore {
  const { batch } = backend;
  const bucket = backend.bucket(utf8Encode("key"));
  return new MvccStore(
    {
      put: (key, value) => batch.put(bucket, key, value),
      delete: (key) => {
        batch.delete(bucket, key);
      },
      get: (key) => batch.get(bucket, key),
      range: (from, to, visit, limit) => batch.range(bucket, from, to, visit, limit),
    },
    tables.meta,
    { logger },
  );
}

const turn = (clock: Clock): Promise<void> => new Promise((resolve) => clock.nextTurn(resolve));

interface State {
  readonly backend: Backend;
  readonly machine: StateMachine;
  readonly compaction: CompactionRunner;
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
  #state: State;
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
    state.backend.onCommitted = (ms) => this.#ports.observer?.onBackendCommit?.(ms);
    state.backend.onFailure = (error) => this.events.onFailure?.(error);
    state.compaction.onFailure = (error) => this.events.onFailure?.(error);
  }

  /** Makes a raft snapshot durable, then its record in the log; `append` may write what belongs behind the record. */
  async saveSnapshot(snapshot: Snapshot, append?: () => Promise<void>): Promise<void> {
    await this.#snapshotter.save(snapshot);
    const { index } = snapshot.metadata;
    await Promise.all([this.wal.saveSnapshot(snapshot.metadata), append?.()]);
    this.wal.release(index);
    this.#snapshotter.releaseDbs(index);
  }

  /** Where the database of a snapshot is written while it arrives. */
  receiveDatabase(index: LogIndex): DatabaseSink {
    return toSink(this.#snapshotter.receiveDb(index));
  }

  /**
   * Puts the received database of `snapshot` in the place of the present one, which answers reads until the new one is
   * ready.
   *
   * @param check called between the steps; what it throws ends the work, and the present database stays.
   * @param onSwitched called in the turn in which `machine` changes.
   * @returns a promise, to be awaited, for the end of the database that was replaced.
   */
  async installDatabase(
    snapshot: Snapshot,
    check: () => void,
    onSwitched: () => void,
  ): Promise<{ readonly closed: Promise<void> }> {
    const { disk } = this.#ports;
    const { index, term, confState } = snapshot.metadata;
    const received = this.#snapshotter.findDb(index);
    if (received === undefined) {
      throw new CorruptError(this.#snapshotter.directory, `the database of the snapshot at ${index} is missing`);
    }
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
    const old = this.#state;
    this.#state = next;
    this.#watch(next);
    next.compaction.start();
    old.compaction.stop();
    onSwitched();
    return { closed: old.backend.close() };
  }

  /** Removes log segments and snapshots that nobody needs. */
  async purge(): Promise<void> {
    await this.wal.purge(this.#options.walFilesMax);
    this.#snapshotter.purge(this.#options.snapshotFilesMax, this.#options.snapshotFilesMax);
  }

  /** Starts deleting what a compaction left. */
  startCompaction(): void {
    this.#state.compaction.start();
  }

  /** Resolves when no compaction is under way and its deletes are durable. */
  async whenCompacted(): Promise<void> {
    await this.#state.compaction.idle();
    await this.backend.commit();
  }

  /** Hashes all rows up to `revision`, in bounded turns; 0 is the newest. Rejects with `KvError`. */
  async hashKv(revision: number): Promise<{ hash: number; compactRevision: number; hashRevision: number }> {
    const job = this.machine.store.hashByRev(revision);
    if ("kind" in job) throw new KvError(job.kind === "future" ? "futureRev" : "compacted");
    for (;;) {
      const result = job.step(restoreRowsPerTurn);
      if (result !== undefined) {
        return { hash: result.hash, compactRevision: result.compactRevision, hashRevision: result.revision };
      }
      await turn(this.#ports.clock);
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
      await this.backend.close();
    } finally {
      await this.wal.close();
    }
  }
}

/** What storage tells its member. */
export interface StorageEvents {
  onFailure?: (error: unknown) => void;
  onQuotaExceeded?: () => void;
  onClusterVersion?: (version: string) => void;
}

interface StorageParts {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly wal: Wal;
  readonly initial: InitialState;
  readonly appliedTerm: Term;
  readonly remotes: readonly RemoteMember[];
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly snapshotter: Snapshotter;
  readonly databasePath: string;
  readonly state: State;
}

async function openState(
  options: MemberOptions,
  ports: MemberPorts,
  path: string,
  events: () => StorageEvents,
): Promise<State> {
  const { clock, logger, disk } = ports;
  const startedMs = clock.nowMs();
  const backend = await Backend.open(disk, path, {
    clock,
    logger,
    pageCacheBytesMax: options.pageCacheBytesMax,
    batchIntervalMs: options.backendBatchMs,
    batchLimit: options.backendBatchLimit,
    noSync: options.unsafeNoFsync,
  });
  logger.log("info", "opened backend db", { path, took: `${(clock.nowMs() - startedMs).toFixed(3)}ms` });
  const tables = tablesOf(backend);
  const store = storeOf(backend, tables, logger);
  const machineOptions: MachineOptions = {
    learnersMax: options.learnersMax,
    leaseTtlSecondsMin: leaseTtlSecondsMin(options),
    quotaBytes: options.quotaBytes,
    databaseSize: () => backend.size(),
    onClusterVersion: (version) => events().onClusterVersion?.(version),
    onQuotaExceeded: () => events().onQuotaExceeded?.(),
  };
  const machine = new StateMachine(tables, store, machineOptions);
  return { backend, machine, compaction: new CompactionRunner(store, clock) };
}

/** One and a half election timeouts, in whole seconds: no lease may end while the cluster elects. */
function leaseTtlSecondsMin({ electionMs, heartbeatMs }: MemberOptions): number {
  const ticks = Math.floor((3 * Math.floor(electionMs / heartbeatMs)) / 2);
  return Math.ceil((ticks * heartbeatMs) / 1000);
}

/** Rebuilds the key index in turns that heartbeats fit between. */
async function restore(
  machine: StateMachine,
  { clock, logger }: MemberPorts,
  check: () => void = () => undefined,
): Promise<void> {
  const job = machine.store.restore();
  while (!job.step(restoreRowsPerTurn)) {
    await turn(clock);
    check();
  }
  const orphans = machine.leases.attachAll(job.leasedKeys());
  if (orphans.length > 0)
    logger.log("warn", "failed to attach keys to leases that do not exist", { keys: orphans.length });
}

/** Completes a database that came with a snapshot: 3.4 and 3.5 keep members in the v2 store that travels beside it. */
function adoptSnapshot(
  machine: StateMachine,
  data: Uint8Array,
  index: LogIndex,
  term: Term,
  confState: ConfState,
): void {
  const v2 = decodeV2Store(data);
  if (v2 !== undefined) machine.membership.replaceUnlessEqual(v2.members, v2.removed, v2.clusterVersion);
  if (machine.progress.index < index) machine.progress.advance(index, term);
  machine.progress.setConfState(confState);
}

interface Opened {
  readonly wal: Wal;
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly remotes: readonly RemoteMember[];
}

async function openStorage(
  options: MemberOptions,
  ports: MemberPorts,
  make: (parts: StorageParts) => Storage,
): Promise<Storage> {
  const { disk, logger } = ports;
  const memberDir = `${options.dataDir}/member`;
  const walDir = options.walDir ?? `${memberDir}/wal`;
  const snapDir = `${memberDir}/snap`;
  const databasePath = `${snapDir}/db`;
  await makeDurableDirectory(disk, snapDir);
  const snapshotter = new Snapshotter(disk, snapDir, logger);
  snapshotter.removeTemporary();
  const hasLog = disk.info(walDir) !== undefined && disk.list(walDir).some((name) => name.endsWith(".wal"));
  const hadDatabase = (disk.info(databasePath)?.size ?? 0) > 0;
  if (!hasLog && hadDatabase) {
    throw new BootError(
      `--data-dir: ${databasePath} is a database without a log in ${walDir}; restore the log, or move the directory away`,
    );
  }
  const opened = hasLog
    ? await reopenLog(options, ports, walDir, snapshotter)
    : await createLog(options, ports, walDir);
  try {
    const state = await openState(options, ports, databasePath, () => storage.events);
    const brought = await reconcile({
      options,
      ports,
      opened,
      state,
      snapshotter,
      databasePath,
      events: () => storage.events,
    });
    alignOlderMembers(brought.machine, opened.snapshot, opened.entries, options.learnersMax);
    checkOwner(options, opened, brought.machine);
    checkClusterVersion(options, brought.machine);
    await restore(brought.machine, ports);
    const { initial, appliedTerm } = initialState(opened, brought.machine);
    const storage: Storage = make({
      ...opened,
      initial,
      appliedTerm,
      options,
      ports,
      snapshotter,
      databasePath,
      state: brought,
    });
    return storage;
  } catch (error) {
    await opened.wal.close();
    throw error;
  }
}

/** Creates a directory with its missing parents, and makes their names durable. */
async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; at !== "" && at !== "." && at !== "/" && disk.info(at) === undefined; at = parentOf(at))
    missing.push(at);
  disk.makeDirectory(path);
  for (const made of missing) await disk.syncDirectory(parentOf(made));
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, "").lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

async function createLog(options: MemberOptions, ports: MemberPorts, walDir: string): Promise<Opened> {
  const plan = await planBirth(options, ports);
  const { memberId, clusterId } = plan;
  ports.logger.log("info", "starting local member", {
    "local-member-id": hexId(memberId),
    "cluster-id": hexId(clusterId),
  });
  const metadata = encodeMetadata({ nodeId: memberId, clusterId });
  const wal = await Wal.create(ports.disk, walDir, metadata, { logger: ports.logger });
  if (plan.kind === "join") {
    const hardState: HardState = { term: 0, vote: 0n as MemberId, commit: 0 };
    return { wal, memberId, clusterId, hardState, entries: [], snapshot: undefined, remotes: plan.remotes };
  }
  const { entries, hardState } = birthLog(plan.members);
  wal.append(hardState, entries);
  await wal.sync();
  return { wal, memberId, clusterId, hardState, entries, snapshot: undefined, remotes: [] };
}

async function reopenLog(
  options: MemberOptions,
  ports: MemberPorts,
  walDir: string,
  snapshotter: Snapshotter,
): Promise<Opened> {
  const { disk, logger } = ports;
  const snapshot = snapshotter.load(validSnapshots(disk, walDir));
  const from = { index: snapshot?.metadata.index ?? 0, term: snapshot?.metadata.term ?? 0 };
  const found = await Wal.open(disk, walDir, from, { logger });
  const { nodeId: memberId, clusterId } = decodeMetadata(found.metadata);
  logger.log("info", "restarting local member", {
    "cluster-id": hexId(clusterId),
    "local-member-id": hexId(memberId),
    "commit-index": found.hardState.commit,
  });
  const { wal, hardState, entries } = found;
  // Every log that has taken part in anything knows a term.
  if (snapshot === undefined && hardState.term === 0 && options.initialClusterState === "new") {
    try {
      return await completeBirth(options, ports, wal, memberId, entries);
    } catch (error) {
      await wal.close();
      throw error;
    }
  }
  return { wal, memberId, clusterId, hardState, entries, snapshot, remotes: [] };
}

/**
 * The process ended between making the log and having its first entries durable: what is missing of them is written now.
 * To start with a part of them would be to start a smaller cluster.
 */
async function completeBirth(
  options: MemberOptions,
  ports: MemberPorts,
  wal: Wal,
  memberId: MemberId,
  found: readonly Entry[],
): Promise<Opened> {
  const plan = await planBirth(options, ports);
  if (plan.kind !== "new" || plan.memberId !== memberId) {
    throw new BootError(
      `--data-dir ${options.dataDir} was made for member ${hexId(memberId)}, not for the one of --initial-cluster`,
    );
  }
  const { entries, hardState } = birthLog(plan.members);
  for (const [i, entry] of found.entries()) {
    const meant = entries[i];
    if (meant !== undefined && meant.term === entry.term && equalBytes(meant.data, entry.data)) continue;
    throw new BootError(
      `the first start of --data-dir ${options.dataDir} was cut off, and it was with another --initial-cluster: start with ` +
        "that one, or remove the directory, which holds nothing yet",
    );
  }
  wal.append(hardState, entries.slice(found.length));
  await wal.sync();
  return { wal, memberId, clusterId: plan.clusterId, hardState, entries, snapshot: undefined, remotes: [] };
}

interface Reconciliation {
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly opened: Opened;
  readonly state: State;
  readonly snapshotter: Snapshotter;
  readonly databasePath: string;
  readonly events: () => StorageEvents;
}

/** Brings the database in line with raft's snapshot and log: it may lag by what the log holds, and by no more. */
async function reconcile(r: Reconciliation): Promise<State> {
  const { opened, ports, databasePath } = r;
  let { state } = r;
  const snapshotIndex = opened.snapshot?.metadata.index ?? 0;
  if (opened.snapshot !== undefined && state.machine.progress.index < snapshotIndex) {
    const received = r.snapshotter.findDb(snapshotIndex);
    if (received === undefined) {
      throw new BootError(
        `database file (${databasePath} index ${state.machine.progress.index}) does not match with snapshot ` +
          `(index ${snapshotIndex}), and there is no database received with it (--data-dir)`,
      );
    }
    await state.backend.close();
    ports.disk.rename(received, databasePath);
    await ports.disk.syncDirectory(r.snapshotter.directory);
    state = await openState(r.options, ports, databasePath, r.events);
    const { data, metadata } = opened.snapshot;
    const { machine } = state;
    if (machine.progress.index < snapshotIndex)
      adoptSnapshot(machine, data, metadata.index, metadata.term, metadata.confState);
  }
  const lastIndex = opened.entries.at(-1)?.index ?? snapshotIndex;
  if (state.machine.progress.index > lastIndex) {
    throw new BootError(
      `database file (${databasePath}) holds index ${state.machine.progress.index}, but the log ends at ${lastIndex}: ` +
        "acknowledged entries are lost; remove this member and add it again",
    );
  }
  return state;
}

/** A data directory belongs to one member for good. */
function checkOwner(options: MemberOptions, opened: Opened, machine: StateMachine): void {
  const recorded = machine.membership.get(opened.memberId);
  if (recorded === undefined || recorded.name === "" || recorded.name === options.name) return;
  if (recorded.peerUrls.some((url) => options.advertisePeerUrls.includes(url))) return;
  throw new BootError(
    `--data-dir ${options.dataDir} belongs to member ${hexId(opened.memberId)} named "${recorded.name}" with peer URLs ` +
      `${recorded.peerUrls.join(",")}, not to --name ${options.name}`,
  );
}

/** A member older than its cluster would not understand what the others write. */
function checkClusterVersion(options: MemberOptions, machine: StateMachine): void {
  const cluster = parseVersion(machine.membership.clusterVersion);
  if (cluster === undefined || understands(cluster)) return;
  throw new BootError(
    `invalid downgrade; server version is lower than determined cluster version: ${options.serverVersion} is lower than ` +
      `${machine.membership.clusterVersion} of --data-dir ${options.dataDir}`,
  );
}

function initialState(opened: Opened, machine: StateMachine): { initial: InitialState; appliedTerm: Term } {
  const { snapshot, entries, hardState } = opened;
  const snapshotIndex = snapshot?.metadata.index ?? 0;
  const snapshotTerm = snapshot?.metadata.term ?? 0;
  const { progress, membership } = machine;
  const applied = Math.max(snapshotIndex, progress.index);
  const fromDatabase = progress.index >= snapshotIndex && progress.index > 0;
  const empty: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const confState = fromDatabase
    ? confStateOf(progress.confState, membership.confState())
    : (snapshot?.metadata.confState ?? empty);
  // A restore leaves the configuration of the cluster that the backup is from.
  if (progress.confState !== undefined && fromDatabase && confState !== progress.confState) {
    progress.setConfState(confState);
  }
  const entry = entries.find(({ index }) => index === applied);
  const appliedTerm = entry?.term ?? (applied === snapshotIndex ? snapshotTerm : progress.term);
  return { initial: { hardState, confState, snapshotIndex, snapshotTerm, entries, applied }, appliedTerm };
}

/** The stored configuration, unless the members say otherwise, as after a restore. */
function confStateOf(stored: ConfState | undefined, members: ConfState): ConfState {
  if (stored === undefined) return members;
  const all = (state: ConfState): string =>
    [...new Set([...state.voters, ...state.learners, ...state.votersOutgoing, ...state.learnersNext])]
      .sort(compareIds)
      .join();
  return all(stored) === all(members) ? stored : members;
}

function toBootError(options: MemberOptions, error: unknown): Error {
  if (error instanceof BootError) return error;
  if (error instanceof BackendLockedError || (error instanceof WalError && error.code === "locked")) {
    return new BootError(`--data-dir ${options.dataDir} is in use by another process: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof DiskError) {
    return new BootError(`--data-dir ${options.dataDir}: cannot ${error.operation} ${error.path}: ${error.code}`, {
      cause: error,
    });
  }
  if (error instanceof CorruptError) return new BootError(`${error.message} (--data-dir)`, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

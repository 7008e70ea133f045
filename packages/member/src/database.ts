import { Backend, type Bucket } from "@quorate/backend";
import { type Clock, CorruptError, DiskError, type LogIndex, type Term, utf8Encode } from "@quorate/base";
import { MvccStore, type RowStore } from "@quorate/mvcc";
import type { ConfState } from "@quorate/raft";
import {
  type BucketName,
  bucketNames,
  decodeV2Store,
  type MachineOptions,
  StateMachine,
  type Table,
  type Tables,
  UnsupportedEntryError,
} from "@quorate/state";
import { CompactionRunner } from "./compaction-runner.ts";
import type { MemberOptions, MemberPorts } from "./options.ts";

/** Rows that a restore takes in per turn of the loop. */
export const restoreRowsPerTurn = 2000;

/** The tables of a database, each over a bucket of its own; what is missing is created. */
export function tablesOf(backend: Backend): Tables {
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

/** The rows of keys, as a database keeps them. */
export function rowsOf(backend: Backend): RowStore {
  const { batch } = backend;
  const bucket = backend.bucket(utf8Encode("key"));
  return {
    put: (key, value) => batch.put(bucket, key, value),
    room: (keyBytes, valueBytes) => batch.room(keyBytes, valueBytes),
    delete: (key) => {
      batch.delete(bucket, key);
    },
    deleteSome: (keys) => batch.deleteSome(bucket, keys),
    get: (key) => batch.get(bucket, key),
    range: (from, to, visit, limit) => batch.range(bucket, from, to, visit, limit),
  };
}

export const turn = (clock: Clock): Promise<void> => new Promise((resolve) => clock.nextTurn(resolve));

export interface State {
  readonly backend: Backend;
  readonly machine: StateMachine;
  readonly compaction: CompactionRunner;
}

/** What storage tells its member. */
export interface StorageEvents {
  onFailure?: (error: unknown) => void;
  /** A batch of the database is durable. */
  onCommitted?: () => void;
  onQuotaExceeded?: () => void;
  onClusterVersion?: (version: string) => void;
}

export async function openState(
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
  const machineOptions: MachineOptions = {
    learnersMax: options.learnersMax,
    leaseTtlSecondsMin: leaseTtlSecondsMin(options),
    quotaBytes: options.quotaBytes,
    databaseSize: () => backend.size(),
    onClusterVersion: (version) => events().onClusterVersion?.(version),
    onQuotaExceeded: () => events().onQuotaExceeded?.(),
  };
  try {
    const tables = tablesOf(backend);
    const store = new MvccStore(rowsOf(backend), tables.meta, { logger });
    const machine = new StateMachine(tables, store, machineOptions);
    return { backend, machine, compaction: new CompactionRunner(store, clock, options, () => backend.isFull) };
  } catch (error) {
    await backend.close();
    const known = error instanceof UnsupportedEntryError || error instanceof CorruptError || error instanceof DiskError;
    // Nothing but what the file holds can break here.
    throw known ? error : new CorruptError(path, `a row cannot be read: ${String(error)}`, { cause: error });
  }
}

/** One and a half election timeouts, in whole seconds: no lease may end while the cluster elects. */
function leaseTtlSecondsMin({ electionMs, heartbeatMs }: MemberOptions): number {
  const ticks = Math.floor((3 * Math.floor(electionMs / heartbeatMs)) / 2);
  return Math.ceil((ticks * heartbeatMs) / 1000);
}

/** Rebuilds the key index in turns that heartbeats fit between. */
export async function restore(
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
export function adoptSnapshot(
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

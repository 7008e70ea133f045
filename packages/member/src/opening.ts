import { BackendLockedError } from "@quorate/backend";
import { type ClusterId, compareIds, CorruptError, DiskError, hexId, type MemberId, type Term } from "@quorate/base";
import type { ConfState, InitialState } from "@quorate/raft";
import { parseVersion, StateMachine, understands, UnsupportedEntryError } from "@quorate/state";
import { Snapshotter, Wal, WalError } from "@quorate/wal";
import { BootError } from "./bootstrap.ts";
import { alignOlderMembers } from "./older-members.ts";
import type { MemberOptions, MemberPorts, RemoteMember } from "./options.ts";
import { adoptSnapshot, openState, restore, type State, type StorageEvents } from "./database.ts";
import { createLog, makeDurableDirectory, type Opened, reopenLog } from "./log-opening.ts";

export interface StorageParts {
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

/**
 * Opens the data directory: log, database and raft snapshot, brought in line with each other.
 *
 * @param make makes the storage of its parts; what it makes takes the events from then on.
 */
export async function openStorage<T extends { readonly events: StorageEvents }>(
  options: MemberOptions,
  ports: MemberPorts,
  make: (parts: StorageParts) => T,
): Promise<T> {
  const { disk, logger } = ports;
  const memberDir = `${options.dataDir}/member`;
  const walDir = options.walDir ?? `${memberDir}/wal`;
  const snapDir = `${memberDir}/snap`;
  const databasePath = `${snapDir}/db`;
  await makeDurableDirectory(disk, options.dataDir, snapDir);
  const snapshotter = new Snapshotter(disk, snapDir, logger);
  await snapshotter.removeTemporary();
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
  let state: State | undefined;
  try {
    state = await openState(options, ports, databasePath, () => storage.events);
    state = await reconcile({
      options,
      ports,
      opened,
      state,
      snapshotter,
      databasePath,
      events: () => storage.events,
    });
    const { machine } = state;
    alignOlderMembers(machine, opened.snapshot, opened.entries, options.learnersMax);
    checkOwner(options, opened, machine);
    checkClusterVersion(options, machine);
    await restore(machine, ports);
    const { initial, appliedTerm } = initialState(opened, machine);
    const storage: T = make({
      ...opened,
      initial,
      appliedTerm,
      options,
      ports,
      snapshotter,
      databasePath,
      state,
    });
    return storage;
  } catch (error) {
    await state?.backend.close();
    await opened.wal.close();
    throw error;
  }
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
        "acknowledged entries are lost; remove this member and add it again (--data-dir)",
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

export function toBootError(options: MemberOptions, error: unknown): Error {
  if (error instanceof BootError) return error;
  if (error instanceof BackendLockedError || (error instanceof WalError && error.code === "locked")) {
    return new BootError(`--data-dir ${options.dataDir} is in use by another process: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof WalError) return new BootError(`${error.message} (--data-dir)`, { cause: error });
  if (error instanceof DiskError) {
    return new BootError(`--data-dir ${options.dataDir}: cannot ${error.operation} ${error.path}: ${error.code}`, {
      cause: error,
    });
  }
  if (error instanceof UnsupportedEntryError) {
    return new BootError(`--data-dir ${options.dataDir}: ${error.message}`, { cause: error });
  }
  if (error instanceof CorruptError) {
    // A row knows its bucket, not the file that it is in.
    const file = error.where.startsWith("bucket ") ? `${options.dataDir}/member/snap/db: ` : "";
    return new BootError(`${file}${error.message} (--data-dir)`, { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

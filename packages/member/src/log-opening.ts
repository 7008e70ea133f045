import { decodeMetadata, encodeMetadata } from "@quorate/api";
import { type ClusterId, type Disk, DiskError, equalBytes, hexId, type MemberId } from "@quorate/base";
import type { Entry, HardState, Snapshot } from "@quorate/raft";
import { Snapshotter, validSnapshots, Wal, type WalOptions } from "@quorate/wal";
import { BootError, birthLog, planBirth } from "./bootstrap.ts";
import type { MemberOptions, MemberPorts, RemoteMember } from "./options.ts";

export interface Opened {
  readonly wal: Wal;
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly remotes: readonly RemoteMember[];
}

/**
 * Creates a directory below `root` with all missing parents, and makes their names durable; from `root` down also those
 * that are there: a start that was killed may have made them and no more.
 */
export async function makeDurableDirectory(disk: Disk, root: string, path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; at !== "" && at !== "." && at !== "/" && disk.info(at) === undefined; at = parentOf(at))
    missing.push(at);
  disk.makeDirectory(path);
  for (const made of missing) await disk.syncDirectory(parentOf(made));
  for (let at = path; ; at = parentOf(at)) {
    const isRoot = at.length <= root.length;
    if (!missing.includes(at)) await syncName(disk, at, !isRoot);
    if (isRoot) return;
  }
}

async function syncName(disk: Disk, path: string, ours: boolean): Promise<void> {
  try {
    await disk.syncDirectory(parentOf(path));
  } catch (error) {
    // Above the data directory there may be one that we may pass but not read.
    if (ours || !(error instanceof DiskError) || error.code !== "EACCES") throw error;
  }
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, "").lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

function walOptions(options: MemberOptions, { logger }: MemberPorts): WalOptions {
  const { walSegmentBytes, walThreadBytesMin, unsafeNoFsync } = options;
  return {
    logger,
    noSync: unsafeNoFsync,
    ...(walSegmentBytes === undefined ? {} : { segmentBytes: walSegmentBytes }),
    ...(walThreadBytesMin === undefined ? {} : { threadBytesMin: walThreadBytesMin }),
  };
}

export async function createLog(options: MemberOptions, ports: MemberPorts, walDir: string): Promise<Opened> {
  const plan = await planBirth(options, ports);
  const { memberId, clusterId } = plan;
  ports.logger.log("info", "starting local member", {
    "local-member-id": hexId(memberId),
    "cluster-id": hexId(clusterId),
  });
  const metadata = encodeMetadata({ nodeId: memberId, clusterId });
  const wal = await Wal.create(ports.disk, walDir, metadata, walOptions(options, ports));
  if (plan.kind === "join") {
    const hardState: HardState = { term: 0, vote: 0n as MemberId, commit: 0 };
    return { wal, memberId, clusterId, hardState, entries: [], snapshot: undefined, remotes: plan.remotes };
  }
  const { entries, hardState } = birthLog(plan.members);
  wal.append(hardState, entries);
  await wal.sync();
  return { wal, memberId, clusterId, hardState, entries, snapshot: undefined, remotes: [] };
}

export async function reopenLog(
  options: MemberOptions,
  ports: MemberPorts,
  walDir: string,
  snapshotter: Snapshotter,
): Promise<Opened> {
  const { disk, logger } = ports;
  const snapshot = snapshotter.load(validSnapshots(disk, walDir));
  const from = { index: snapshot?.metadata.index ?? 0, term: snapshot?.metadata.term ?? 0 };
  const found = await Wal.open(disk, walDir, from, walOptions(options, ports));
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

import type { Disk } from "@quorate/base";
import { BootError, type MemberOptions } from "@quorate/member";
import { etcdVersion, type MemberUrl, parseInitialCluster, type ServerConfig, ValueError } from "./flags/index.ts";

const pageCacheBytesMax = 256 * 1024 * 1024;

const textsOf = (urls: readonly MemberUrl[]): string[] => urls.map((url) => url.text).sort();

/** A member that has a log knows its cluster; whatever the flags say of the founding is nothing to it. */
function hasLog(options: { readonly dataDir: string; readonly walDir: string | undefined }, disk: Disk): boolean {
  const walDir = options.walDir ?? `${options.dataDir}/member/wal`;
  return disk.info(walDir)?.kind === "directory" && disk.list(walDir).some((name) => name.endsWith(".wal"));
}

function initialCluster(text: string, isFounded: () => boolean): Map<string, readonly string[]> {
  const cluster = new Map<string, readonly string[]>();
  try {
    for (const [name, urls] of parseInitialCluster(text)) cluster.set(name, textsOf(urls));
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    if (!isFounded()) {
      const message = `error setting up initial cluster: ${error.message} (--initial-cluster)`;
      throw new BootError(message, { cause: error });
    }
    cluster.clear();
  }
  return cluster;
}

/**
 * The member's options as the configuration gives them.
 *
 * @param disk is looked at to tell whether `--initial-cluster` matters, when it cannot be read.
 * @throws BootError, one line for the operator.
 */
export function memberOptions(config: ServerConfig, disk: Disk): MemberOptions {
  const walDir = config.walDir === "" ? undefined : config.walDir;
  return {
    name: config.name,
    dataDir: config.dataDir,
    walDir,
    advertisePeerUrls: textsOf(config.initialAdvertisePeerUrls),
    advertiseClientUrls: textsOf(config.advertiseClientUrls),
    initialCluster: initialCluster(config.initialCluster, () => hasLog({ dataDir: config.dataDir, walDir }, disk)),
    initialClusterState: config.initialClusterState,
    initialClusterToken: config.initialClusterToken,
    heartbeatMs: config.heartbeatIntervalMs,
    electionMs: config.electionTimeoutMs,
    initialElectionTickAdvance: config.initialElectionTickAdvance,
    preVote: config.preVote,
    snapshotCount: config.snapshotCount,
    snapshotCatchUpEntries: config.snapshotCatchupEntries,
    snapshotFilesMax: config.maxSnapshots,
    walFilesMax: config.maxWals,
    backendBatchMs: config.backendBatchIntervalMs,
    backendBatchLimit: config.backendBatchLimit,
    compactionBatchLimit: config.compactionBatchLimit,
    compactionSleepMs: config.compactionSleepIntervalMs,
    pageCacheBytesMax,
    quotaBytes: Number.isFinite(config.quotaBackendBytes) ? config.quotaBackendBytes : 0,
    requestBytesMax: config.maxRequestBytes,
    txnOpsMax: config.maxTxnOps,
    learnersMax: config.maxLearners,
    strictReconfigCheck: config.strictReconfigCheck,
    serverVersion: etcdVersion,
    unsafeNoFsync: config.unsafeNoFsync,
  };
}

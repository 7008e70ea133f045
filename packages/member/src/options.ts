import type { Clock, Disk, Logger, MemberId, Random } from "@quorate/base";
import type { Message } from "@quorate/raft";

/** What a member needs to know; durations in milliseconds, sizes in bytes. */
export interface MemberOptions {
  readonly name: string;
  readonly dataDir: string;
  /** Undefined: `<dataDir>/member/wal`. */
  readonly walDir: string | undefined;
  /** Sorted, normalised. */
  readonly advertisePeerUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  /** Name → peer URLs, as `--initial-cluster` says. */
  readonly initialCluster: ReadonlyMap<string, readonly string[]>;
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly initialElectionTickAdvance: boolean;
  readonly preVote: boolean;
  readonly snapshotCount: number;
  readonly snapshotCatchUpEntries: number;
  readonly snapshotFilesMax: number;
  readonly walFilesMax: number;
  /** After how many bytes the log begins its next segment; etcd's 64,000,000 unless given. */
  readonly walSegmentBytes?: number;
  /** From how many bytes on a write to the log goes to a thread; 256 KiB unless given. */
  readonly walThreadBytesMin?: number;
  readonly backendBatchMs: number;
  readonly backendBatchLimit: number;
  /** After so many removed rows a compaction rests; 1000 unless given. */
  readonly compactionBatchLimit?: number;
  /** For so long; 10 ms unless given. */
  readonly compactionSleepMs?: number;
  readonly pageCacheBytesMax: number;
  readonly quotaBytes: number;
  readonly requestBytesMax: number;
  readonly txnOpsMax: number;
  readonly learnersMax: number;
  readonly strictReconfigCheck: boolean;
  /** The version that this member reports, as `3.6.14`. */
  readonly serverVersion: string;
  readonly unsafeNoFsync: boolean;
}

/** The world of a member. */
export interface MemberPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly logger: Logger;
  readonly directory: ClusterDirectory;
  readonly observer?: MemberObserver;
}

/** Is told what happens, for metrics. */
export interface MemberObserver {
  onWalSync?(ms: number): void;
  /** A commit of the database took this long. */
  onBackendCommit?(ms: number): void;
}

/** A database on its way to another member. `close` must be called in every case. */
export interface OutgoingDatabase {
  readonly size: number;
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  close(): void;
}

/** Sends to other members. Nothing here throws or waits; what cannot be sent is reported to the member. */
export interface PeerLink {
  addPeer(id: MemberId, urls: readonly string[]): void;
  updatePeer(id: MemberId, urls: readonly string[]): void;
  removePeer(id: MemberId): void;
  removeAllPeers(): void;
  /** A target for answers that is no member yet, as far as this one knows. */
  addRemote(id: MemberId, urls: readonly string[]): void;
  send(messages: readonly Message[]): void;
  sendSnapshot(message: Message, database: OutgoingDatabase): void;
  /** The clock's reading since when the peer has been reachable without a failure; 0 when it is not. */
  activeSince(id: MemberId): number;
}

/** A member of a cluster as another member describes it. */
export interface RemoteMember {
  readonly id: MemberId;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What a cluster says about itself, at `GET /members`. */
export interface RemoteCluster {
  readonly clusterId: bigint;
  readonly members: readonly RemoteMember[];
}

/** Versions as `GET /version` gives them. */
export interface RemoteVersions {
  readonly server: string;
  readonly cluster: string;
}

/** Asks members over their peer URLs, outside the raft streams. Rejections carry a text for the operator. */
export interface ClusterDirectory {
  /** The first usable answer of any of `urls`. */
  members(urls: readonly string[], timeoutMs: number): Promise<RemoteCluster>;
  /** Undefined when none of `urls` gives a parsable answer. */
  versions(urls: readonly string[], timeoutMs: number): Promise<RemoteVersions | undefined>;
  /** Tells whether two lists of URLs mean the same sockets, resolving host names where the texts differ. */
  sameUrls(a: readonly string[], b: readonly string[]): Promise<SameUrls>;
  /** Asks the leader at `urls` to promote a learner. */
  promote(urls: readonly string[], id: MemberId, timeoutMs: number): Promise<PromoteAnswer>;
}

export type SameUrls = { readonly same: true } | { readonly same: false; readonly reason: string };

/** A leader's answer: status 200, or a refusal by HTTP status and text. */
export interface PromoteAnswer {
  readonly status: number;
  readonly body: string;
}

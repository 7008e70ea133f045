import type { ClusterId, MemberId } from "@quorate/base";
import type { Message } from "@quorate/raft";

/** An answer that the host makes and the transport sends. */
export interface PeerAnswer {
  readonly status: number;
  /** Sent as it is when `contentType` is given; else it is the text of an error, to which a newline is added. */
  readonly body: string;
  readonly contentType?: string;
}

/** An answer in protobuf, of `/leases`. */
export interface PeerBinaryAnswer {
  readonly status: number;
  /** A string is the text of an error. */
  readonly body: Uint8Array | string;
}

/**
 * Takes the database that travels beside a snapshot. Exactly one of `commit` and `abort` ends it;
 * a failed `write` or `commit` is followed by `abort`.
 */
export interface SnapshotSink {
  /** Takes the next bytes; the chunk may be kept. A promise holds the sender back. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Makes the database durable under its final name. */
  commit(): Promise<void>;
  /** Throws away what came so far; never throws. */
  abort(): void;
}

/** What the transport asks of the member it carries messages for. */
export interface PeerHost {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  /** `MAJOR.MINOR.PATCH`; read anew for each connection. */
  readonly serverVersion: string;
  /** Own advertised peer URLs. */
  peerUrls(): readonly string[];
  /** Tells whether the member was removed, ever. */
  isRemoved(id: MemberId): boolean;
  /**
   * Hands a message to raft. The bytes of its entries belong to the message.
   * A returned promise means that raft has not taken it yet; it rejects, or the call throws, when raft is stopped.
   */
  step(message: Message): Promise<void> | void;
  /** A message to this member was or may have been lost. */
  reportUnreachable(id: MemberId): void;
  /** Nobody listens at any URL of this member. Called at each dial that finds it so. */
  reportGone(id: MemberId): void;
  /** The snapshot sent to this member arrived, or did not. */
  reportSnapshot(id: MemberId, ok: boolean): void;
  /** A peer says that this member was removed from the cluster for good. */
  onRemovedFromCluster(): void;
  /** The body of `/members`: a JSON array sorted by id. */
  membersJson(): string;
  /** The body of `/version`. */
  versionJson(): string;
  /** Promotes a learner, when this member leads. */
  promote(id: MemberId, authorization?: string): Promise<PeerAnswer>;
  /** Returns `true` or `false` after a linearizable read; a rejection is answered as a failed read. */
  downgradeEnabled(): Promise<string>;
  /** Answers `/members/hashkv`; 0 means the current revision. */
  hashKv(revision: number): Promise<PeerAnswer>;
  /** Stores the database of a received snapshot as `<index>.snap.db`. */
  receiveSnapshotDb(index: number): SnapshotSink;
  /** Answers `/leases` and `/leases/internal`; without it they are not found. */
  leases?(path: string, body: Uint8Array): Promise<PeerBinaryAnswer>;
}

/** Every bound and interval of the peer protocol, with etcd's values. */
export interface PeerLimits {
  /** A stream or request body on which nothing arrives for so long is given up. */
  readonly readTimeoutMs: number;
  /** A stream or upload that takes nothing for so long is given up. */
  readonly writeTimeoutMs: number;
  /** A connection without a request is closed after this. */
  readonly idleTimeoutMs: number;
  /** How long the other side may take to answer a message that was posted, or a query. */
  readonly postTimeoutMs: number;
  /** How long the other side may take to make an uploaded snapshot durable. */
  readonly snapshotAnswerTimeoutMs: number;
  /** How often each stream says that it is still there. */
  readonly streamHeartbeatMs: number;
  /** The least time between two dials of one stream. */
  readonly redialMs: number;
  /** How often each peer's round trip and clock are measured. */
  readonly probeIntervalMs: number;
  /** Messages that wait for one stream to take them. */
  readonly streamQueueMax: number;
  /** Bytes that a stream's socket holds before messages wait in the queue. */
  readonly streamBufferBytesMax: number;
  /** Posts under way to one peer, and messages that wait for one. */
  readonly pipelineWorkers: number;
  readonly pipelineQueueMax: number;
  /** Messages of one peer that raft has not taken yet; counted apart for proposals and for the rest. */
  readonly receiveMax: number;
  /** The message part of a snapshot. */
  readonly snapshotMessageBytesMax: number;
  /** The body of a posted message. */
  readonly postBytesMax: number;
  /** The body of a query. */
  readonly queryBytesMax: number;
  /** Senders that are no members, as far as we know, and are answered all the same. */
  readonly remotesMax: number;
  /** Connections that each listener accepts. */
  readonly connectionsMax: number;
}

export const defaultLimits: PeerLimits = {
  readTimeoutMs: 5_000,
  writeTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  postTimeoutMs: 30_000,
  snapshotAnswerTimeoutMs: 600_000,
  streamHeartbeatMs: 5_000 / 3,
  redialMs: 100,
  probeIntervalMs: 4_000,
  streamQueueMax: 4096,
  streamBufferBytesMax: 256 * 1024,
  pipelineWorkers: 4,
  pipelineQueueMax: 64,
  receiveMax: 4096,
  snapshotMessageBytesMax: 64 * 1024 * 1024,
  postBytesMax: 512 * 1024 * 1024,
  queryBytesMax: 64 * 1024,
  remotesMax: 64,
  connectionsMax: 4096,
};

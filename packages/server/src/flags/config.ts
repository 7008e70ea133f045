/** The server's configuration: every option under one typed, immutable roof. */
import type { MemberUrl } from "./urls.ts";

/** TLS on one side: towards clients or towards peers. Empty texts mean "not given". */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** Ask the other side for a certificate; a trusted authority given alone asks too. */
  readonly clientCertAuth: boolean;
  readonly trustedCaFile: string;
  readonly crlFile: string;
  readonly allowedCommonNames: readonly string[];
  readonly allowedHostnames: readonly string[];
  readonly autoTls: boolean;
  readonly skipClientSanVerification: boolean;
}

/** What automatic compaction keeps. */
export type AutoCompaction =
  | { readonly mode: "off" }
  | { readonly mode: "periodic"; readonly retentionMs: number }
  | { readonly mode: "revision"; readonly retention: number };

export type AuthToken =
  | { readonly kind: "simple"; readonly ttlSeconds: number }
  | { readonly kind: "jwt"; readonly options: ReadonlyMap<string, string> };

/** Where the first members of a cluster come from. */
export interface DiscoveryConfig {
  readonly srv: string;
  readonly srvName: string;
  readonly token: string;
  readonly endpoints: readonly string[];
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly insecureTransport: boolean;
  readonly insecureSkipTlsVerify: boolean;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caCertFile: string;
  readonly user: string;
  readonly password: string;
}

export interface TracingConfig {
  readonly enabled: boolean;
  readonly address: string;
  readonly serviceName: string;
  readonly instanceId: string;
  readonly samplesPerMillion: number;
}

export interface LogConfig {
  readonly level: "debug" | "info" | "warn" | "error" | "panic" | "fatal";
  readonly format: "json" | "console";
  /** `default`, `stderr`, `stdout`, `systemd/journal` or file names. */
  readonly outputs: readonly string[];
  readonly enableRotation: boolean;
  readonly rotationConfigJson: string;
}

/** Features by etcd's names, and the two gates that stand for all of a stage. */
export type FeatureGate =
  | "AllAlpha"
  | "AllBeta"
  | "StopGRPCServiceOnDefrag"
  | "InitialCorruptCheck"
  | "CompactHashCheck"
  | "TxnModeWriteWithSharedBuffer"
  | "LeaseCheckpoint"
  | "LeaseCheckpointPersist"
  | "SetMemberLocalAddr";

/** Names are the flags' in camel case; times are milliseconds unless the name says otherwise. */
export interface ServerConfig {
  readonly name: string;
  /** Never empty: the default is `<name>.etcd`. */
  readonly dataDir: string;
  /** Empty: `<dataDir>/member/wal`. */
  readonly walDir: string;
  readonly listenPeerUrls: readonly MemberUrl[];
  readonly listenClientUrls: readonly MemberUrl[];
  /** When not empty, these serve HTTP and the client URLs serve gRPC alone. */
  readonly listenClientHttpUrls: readonly MemberUrl[];
  readonly listenMetricsUrls: readonly MemberUrl[];
  readonly initialAdvertisePeerUrls: readonly MemberUrl[];
  readonly advertiseClientUrls: readonly MemberUrl[];
  /** As given; empty when a discovery method takes its place. Parse with `parseInitialCluster`. */
  readonly initialCluster: string;
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly initialElectionTickAdvance: boolean;
  readonly preVote: boolean;
  readonly strictReconfigCheck: boolean;
  readonly maxLearners: number;
  readonly snapshotCount: number;
  readonly snapshotCatchupEntries: number;
  readonly maxSnapshots: number;
  readonly maxWals: number;
  /** 2 GiB by default; Infinity when switched off. */
  readonly quotaBackendBytes: number;
  readonly backendBatchIntervalMs: number;
  readonly backendBatchLimit: number;
  readonly backendBboltFreelistType: string;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly maxConcurrentStreams: number;
  readonly grpcKeepaliveMinTimeMs: number;
  readonly grpcKeepaliveIntervalMs: number;
  readonly grpcKeepaliveTimeoutMs: number;
  readonly socketReusePort: boolean;
  readonly socketReuseAddress: boolean;
  readonly raftReadTimeoutMs: number;
  readonly raftWriteTimeoutMs: number;
  readonly enableGrpcGateway: boolean;
  readonly enableV2: boolean;
  readonly memoryMlock: boolean;
  readonly autoCompaction: AutoCompaction;
  readonly discovery: DiscoveryConfig;
  readonly clientTls: TlsConfig;
  readonly peerTls: TlsConfig;
  readonly selfSignedCertValidityYears: number;
  /** IANA names; `opensslCipher` translates one. */
  readonly cipherSuites: readonly string[];
  readonly tlsMinVersion: "TLS1.2" | "TLS1.3";
  /** Undefined: the highest there is. */
  readonly tlsMaxVersion: "TLS1.2" | "TLS1.3" | undefined;
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
  readonly authToken: AuthToken;
  readonly bcryptCost: number;
  readonly enablePprof: boolean;
  readonly metrics: string;
  readonly log: LogConfig;
  readonly warningApplyDurationMs: number;
  readonly warningUnaryRequestDurationMs: number;
  readonly tracing: TracingConfig;
  readonly corruptCheckTimeMs: number;
  readonly compactHashCheckTimeMs: number;
  readonly compactionBatchLimit: number;
  readonly compactionSleepIntervalMs: number;
  readonly watchProgressNotifyIntervalMs: number;
  readonly downgradeCheckTimeMs: number;
  readonly bootstrapDefragThresholdMegabytes: number;
  readonly featureGates: Readonly<Record<FeatureGate, boolean>>;
  readonly unsafeNoFsync: boolean;
}

/** Makes the typed configuration of checked values. */
import type { AuthToken, AutoCompaction, FeatureGate, LogConfig, ServerConfig, TlsConfig } from "./config.ts";
import { goQuote, parseDurationMs, ValueError } from "./go-values.ts";
import { FlagFailure } from "./outcome.ts";
import { featureGates, stageGates } from "./table-service.ts";
import type { FlagValues } from "./values.ts";

const defaultQuotaBytes = 2 * 1024 * 1024 * 1024;
const connTimeoutMsMin = 5000;

function startFailure(flag: string, message: string): FlagFailure {
  return new FlagFailure({ stage: "start", flag, message });
}

/** Says what `--auto-compaction-mode` and `--auto-compaction-retention` mean together. */
export function autoCompaction(v: FlagValues): AutoCompaction {
  const mode = v.string("auto-compaction-mode");
  const text = v.string("auto-compaction-retention");
  const flag = "--auto-compaction-retention";
  if (/^\+?\d+$/.test(text)) {
    const count = Number(text);
    if (count === 0) return { mode: "off" };
    if (mode === "revision") return { mode: "revision", retention: count };
    return { mode: "periodic", retentionMs: count * 3_600_000 };
  }
  try {
    const retentionMs = parseDurationMs(text);
    if (mode === "revision") throw new ValueError(`revision mode needs a whole number, not ${goQuote(text)}`);
    if (retentionMs < 0) throw new ValueError(`time: invalid duration ${goQuote(text)}`);
    return retentionMs === 0 ? { mode: "off" } : { mode: "periodic", retentionMs };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw startFailure(flag, `error parsing CompactionRetention: ${error.message}`);
  }
}

/** Reads `simple`, or `jwt` with `key=value` options behind commas. */
export function authToken(v: FlagValues): AuthToken {
  const invalid = startFailure("--auth-token", "auth: invalid auth options");
  const [kind, ...pairs] = v.string("auth-token").split(",");
  const options = new Map<string, string>();
  for (const pair of pairs) {
    const parts = pair.split("=");
    const key = parts[0] as string;
    if (parts.length !== 2 || options.has(key)) throw invalid;
    options.set(key, parts[1] as string);
  }
  if (kind === "simple") return { kind, ttlSeconds: v.number("auth-token-ttl") };
  if (kind !== "jwt" || !options.has("sign-method")) throw invalid;
  return { kind, options };
}

function gates(v: FlagValues): Record<FeatureGate, boolean> {
  const given = v.gates("feature-gates");
  const result = new Map(featureGates);
  for (const [stage, members] of stageGates) {
    result.set(stage, given.get(stage) === true);
    if (given.get(stage) !== true) continue;
    for (const name of members) result.set(name, true);
  }
  for (const [name, on] of given) if (result.has(name)) result.set(name, on);
  return Object.fromEntries(result) as Record<FeatureGate, boolean>;
}

function tls(v: FlagValues, side: "client" | "peer"): TlsConfig {
  const prefix = side === "client" ? "" : "peer-";
  return {
    certFile: v.string(`${prefix}cert-file`),
    keyFile: v.string(`${prefix}key-file`),
    clientCertFile: v.string(`${prefix}client-cert-file`),
    clientKeyFile: v.string(`${prefix}client-key-file`),
    clientCertAuth: v.bool(`${prefix}client-cert-auth`),
    trustedCaFile: v.string(`${prefix}trusted-ca-file`),
    crlFile: v.string(side === "client" ? "client-crl-file" : "peer-crl-file"),
    allowedCommonNames: side === "client" ? [] : v.strings("peer-cert-allowed-cn"),
    allowedHostnames: v.strings(`${side}-cert-allowed-hostname`),
    autoTls: v.bool(`${prefix}auto-tls`),
    skipClientSanVerification: side === "peer" && v.bool("peer-skip-client-san-verification"),
  };
}

function log(v: FlagValues): LogConfig {
  return {
    level: v.string("log-level") as LogConfig["level"],
    format: v.string("log-format") as LogConfig["format"],
    outputs: v.strings("log-outputs"),
    enableRotation: v.bool("enable-log-rotation"),
    rotationConfigJson: v.string("log-rotation-config-json"),
  };
}

function quotaBytes(v: FlagValues): number {
  const given = v.number("quota-backend-bytes");
  if (given < 0) return Number.POSITIVE_INFINITY;
  return given === 0 ? defaultQuotaBytes : given;
}

/** Zero stands for the value that etcd uses then. */
function orElse(value: number, whenZero: number): number {
  return value === 0 ? whenZero : value;
}

function clusterText(v: FlagValues): string {
  const viaDiscovery =
    v.string("discovery-srv") !== "" ||
    v.string("discovery-srv-name") !== "" ||
    v.strings("discovery-endpoints").length > 0;
  if (v.isGiven("initial-cluster")) return v.string("initial-cluster");
  if (viaDiscovery) return "";
  const name = v.string("name") === "" ? "default" : v.string("name");
  return v
    .urls("initial-advertise-peer-urls")
    .map((url) => `${name}=${url.text}`)
    .join(",");
}

function discovery(v: FlagValues): ServerConfig["discovery"] {
  return {
    srv: v.string("discovery-srv"),
    srvName: v.string("discovery-srv-name"),
    token: v.string("discovery-token"),
    endpoints: v.strings("discovery-endpoints"),
    dialTimeoutMs: v.number("discovery-dial-timeout"),
    requestTimeoutMs: v.number("discovery-request-timeout"),
    keepaliveTimeMs: v.number("discovery-keepalive-time"),
    keepaliveTimeoutMs: v.number("discovery-keepalive-timeout"),
    insecureTransport: v.bool("discovery-insecure-transport"),
    insecureSkipTlsVerify: v.bool("discovery-insecure-skip-tls-verify"),
    certFile: v.string("discovery-cert"),
    keyFile: v.string("discovery-key"),
    caCertFile: v.string("discovery-cacert"),
    user: v.string("discovery-user"),
    password: v.string("discovery-password"),
  };
}

/** Makes the configuration. Throws `FlagFailure` for the few values that only make sense together. */
export function buildConfig(v: FlagValues): ServerConfig {
  const name = v.string("name");
  const cost = v.number("bcrypt-cost");
  return Object.freeze<ServerConfig>({
    name,
    dataDir: v.string("data-dir") === "" ? `${name}.etcd` : v.string("data-dir"),
    walDir: v.string("wal-dir"),
    listenPeerUrls: v.urls("listen-peer-urls"),
    listenClientUrls: v.urls("listen-client-urls"),
    listenClientHttpUrls: v.urls("listen-client-http-urls"),
    listenMetricsUrls: v.urls("listen-metrics-urls"),
    initialAdvertisePeerUrls: v.urls("initial-advertise-peer-urls"),
    advertiseClientUrls: v.urls("advertise-client-urls"),
    initialCluster: clusterText(v),
    initialClusterState: v.string("initial-cluster-state") as ServerConfig["initialClusterState"],
    initialClusterToken: v.string("initial-cluster-token"),
    heartbeatIntervalMs: v.number("heartbeat-interval"),
    electionTimeoutMs: v.number("election-timeout"),
    initialElectionTickAdvance: v.bool("initial-election-tick-advance"),
    preVote: v.bool("pre-vote"),
    strictReconfigCheck: v.bool("strict-reconfig-check"),
    maxLearners: v.number("max-learners"),
    snapshotCount: orElse(v.number("snapshot-count"), 10_000),
    snapshotCatchupEntries: v.number("snapshot-catchup-entries"),
    maxSnapshots: v.number("max-snapshots"),
    maxWals: v.number("max-wals"),
    quotaBackendBytes: quotaBytes(v),
    backendBatchIntervalMs: orElse(v.number("backend-batch-interval"), 100),
    backendBatchLimit: orElse(v.number("backend-batch-limit"), 10_000),
    backendBboltFreelistType: v.string("backend-bbolt-freelist-type"),
    maxTxnOps: v.number("max-txn-ops"),
    maxRequestBytes: v.number("max-request-bytes"),
    maxConcurrentStreams: v.number("max-concurrent-streams"),
    grpcKeepaliveMinTimeMs: v.number("grpc-keepalive-min-time"),
    grpcKeepaliveIntervalMs: v.number("grpc-keepalive-interval"),
    grpcKeepaliveTimeoutMs: v.number("grpc-keepalive-timeout"),
    socketReusePort: v.bool("socket-reuse-port"),
    socketReuseAddress: v.bool("socket-reuse-address"),
    raftReadTimeoutMs: Math.max(v.number("raft-read-timeout"), connTimeoutMsMin),
    raftWriteTimeoutMs: Math.max(v.number("raft-write-timeout"), connTimeoutMsMin),
    enableGrpcGateway: v.bool("enable-grpc-gateway"),
    enableV2: v.bool("enable-v2"),
    memoryMlock: v.bool("memory-mlock"),
    autoCompaction: autoCompaction(v),
    discovery: discovery(v),
    clientTls: tls(v, "client"),
    peerTls: tls(v, "peer"),
    selfSignedCertValidityYears: orElse(v.number("self-signed-cert-validity"), 1),
    cipherSuites: v.strings("cipher-suites"),
    tlsMinVersion: v.string("tls-min-version") === "TLS1.3" ? "TLS1.3" : "TLS1.2",
    tlsMaxVersion:
      v.string("tls-max-version") === "" ? undefined : (v.string("tls-max-version") as "TLS1.2" | "TLS1.3"),
    cors: v.strings("cors"),
    hostWhitelist: v.strings("host-whitelist"),
    authToken: authToken(v),
    bcryptCost: cost >= 4 && cost <= 31 ? cost : 10,
    enablePprof: v.bool("enable-pprof") || v.string("log-level") === "debug",
    metrics: v.string("metrics"),
    log: log(v),
    warningApplyDurationMs: v.number("warning-apply-duration"),
    warningUnaryRequestDurationMs: orElse(v.number("warning-unary-request-duration"), 300),
    tracing: {
      enabled: v.bool("enable-distributed-tracing"),
      address: v.string("distributed-tracing-address"),
      serviceName: v.string("distributed-tracing-service-name"),
      instanceId: v.string("distributed-tracing-instance-id"),
      samplesPerMillion: v.number("distributed-tracing-sampling-rate"),
    },
    corruptCheckTimeMs: v.number("corrupt-check-time"),
    compactHashCheckTimeMs: v.number("compact-hash-check-time"),
    compactionBatchLimit: orElse(v.number("compaction-batch-limit"), 1000),
    compactionSleepIntervalMs: orElse(v.number("compaction-sleep-interval"), 10),
    watchProgressNotifyIntervalMs: orElse(v.number("watch-progress-notify-interval"), 600_000),
    downgradeCheckTimeMs: v.number("downgrade-check-time"),
    bootstrapDefragThresholdMegabytes: v.number("bootstrap-defrag-threshold-megabytes"),
    featureGates: gates(v),
    unsafeNoFsync: v.bool("unsafe-no-fsync"),
  });
}

import { define, type FlagDefinition } from "./definition.ts";

const rotation = '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}';

/** Flags about security, observation and features. */
export const serviceFlags: readonly FlagDefinition[] = [
  ...define("Security", [
    ["cert-file", "string", "", "Certificate file for https client URLs."],
    ["key-file", "string", "", "Key file for https client URLs."],
    ["client-cert-auth", "bool", "false", "Ask clients for a certificate."],
    ["client-cert-file", "string", "", "Certificate this member shows to its own client port."],
    ["client-key-file", "string", "", "Key of that certificate."],
    ["client-crl-file", "string", "", "Revocation list for certificates of clients."],
    ["client-cert-allowed-hostname", "strings", "", "Names, one of which a client's certificate must carry."],
    ["trusted-ca-file", "string", "", "Authorities that certificates of clients are verified against."],
    ["auto-tls", "bool", "false", "Make a self-signed certificate for clients."],
    ["peer-cert-file", "string", "", "Certificate file for https peer URLs and for connections to peers."],
    ["peer-key-file", "string", "", "Key file of that certificate."],
    ["peer-client-cert-auth", "bool", "false", "Ask peers for a certificate."],
    ["peer-client-cert-file", "string", "", "Certificate for connections to peers, if another one."],
    ["peer-client-key-file", "string", "", "Key of that certificate."],
    ["peer-trusted-ca-file", "string", "", "Authorities that certificates of peers are verified against."],
    ["peer-cert-allowed-cn", "strings", "", "Common names, one of which a peer's certificate must carry."],
    ["peer-cert-allowed-hostname", "strings", "", "Names, one of which a peer's certificate must carry."],
    ["peer-auto-tls", "bool", "false", "Make a self-signed certificate for peers."],
    ["self-signed-cert-validity", "uint", "1", "Years for which certificates made here are valid."],
    ["peer-crl-file", "string", "", "Revocation list for certificates of peers."],
    ["peer-skip-client-san-verification", "bool", "false", "Do not compare a peer's address with its certificate."],
    ["cipher-suites", "strings", "", "TLS 1.2 cipher suites by their IANA names."],
    ["cors", "strings", "*", "Origins that browsers may call from."],
    ["host-whitelist", "strings", "*", "Host headers accepted on connections without TLS."],
    ["tls-min-version", "string", "TLS1.2", "Lowest TLS version: TLS1.2 or TLS1.3."],
    ["tls-max-version", "string", "", "Highest TLS version: TLS1.2 or TLS1.3."],
  ]),
  ...define("Auth", [
    ["auth-token", "string", "simple", "Kind of token: simple, or jwt with its options."],
    ["bcrypt-cost", "uint", "10", "Cost of hashing a password, 4 to 31."],
    ["auth-token-ttl", "uint", "300", "Seconds that a simple token lives without use."],
  ]),
  ...define("Profiling and Monitoring", [
    ["enable-pprof", "bool", "false", "Serve profiles below /debug/pprof/."],
    ["metrics", "string", "basic", "basic, or extensive to add latency histograms of gRPC calls."],
    ["listen-metrics-urls", "urls", "", "Further URLs for metrics and health."],
    ["warning-apply-duration", "duration", "100ms", "Log applies that take longer."],
    ["warning-unary-request-duration", "duration", "300ms", "Log requests that take longer."],
  ]),
  ...define("Logging", [
    ["logger", "string", "zap", "Form of the log; only zap."],
    ["log-outputs", "strings", "default", "stdout, stderr, systemd/journal or file names."],
    ["log-level", "string", "info", "debug, info, warn, error, panic or fatal."],
    ["log-format", "string", "json", "json or console."],
    ["enable-log-rotation", "bool", "false", "Rotate the one log file."],
    ["log-rotation-config-json", "string", rotation, "How to rotate it."],
  ]),
  ...define("Distributed tracing", [
    ["enable-distributed-tracing", "bool", "false", "Export traces."],
    ["distributed-tracing-address", "string", "localhost:4317", "Address of the collector."],
    ["distributed-tracing-service-name", "string", "etcd", "Name of the service, equal in all members."],
    ["distributed-tracing-instance-id", "string", "", "Name of this member among the service's instances."],
    ["distributed-tracing-sampling-rate", "int", "0", "Samples taken of a million."],
  ]),
  ...define("Features", [
    ["corrupt-check-time", "duration", "0s", "Interval at which members compare their data, 0 for never."],
    ["compact-hash-check-time", "duration", "1m0s", "Interval at which hashes of compactions are compared."],
    ["compaction-batch-limit", "int", "1000", "Revisions removed in one batch of a compaction."],
    ["compaction-sleep-interval", "duration", "0s", "Pause between such batches (0: 10ms)."],
    ["watch-progress-notify-interval", "duration", "10m0s", "Interval of progress notifications to watchers."],
    ["downgrade-check-time", "duration", "5s", "Interval of downgrade checks."],
    [
      "bootstrap-defrag-threshold-megabytes",
      "uint",
      "0",
      "Defragment at start when that much can be freed, 0 for never.",
    ],
    ["feature-gates", "gates", "", "Name=true or Name=false pairs that switch features."],
  ]),
  ...define("Unsafe feature", [
    ["force-new-cluster", "bool", "false", "Keep the data but make this the only member."],
    ["unsafe-no-fsync", "bool", "false", "Do not wait for the disk; a crash loses data."],
  ]),
];

/** Which features exist, and whether they are on without being asked for; names are etcd's. */
export const featureGates: ReadonlyMap<string, boolean> = new Map([
  ["StopGRPCServiceOnDefrag", false],
  ["InitialCorruptCheck", false],
  ["CompactHashCheck", false],
  ["TxnModeWriteWithSharedBuffer", true],
  ["LeaseCheckpoint", false],
  ["LeaseCheckpointPersist", false],
  ["SetMemberLocalAddr", false],
]);

/** Gates that stand for all gates of a stage; those of `AllAlpha` are off unless asked for. */
export const stageGates: ReadonlyMap<string, readonly string[]> = new Map([
  ["AllAlpha", [...featureGates.keys()].filter((name) => name !== "TxnModeWriteWithSharedBuffer")],
  ["AllBeta", ["TxnModeWriteWithSharedBuffer"]],
]);

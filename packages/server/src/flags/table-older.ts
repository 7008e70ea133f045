/** Flags of older versions of etcd: accepted, so that command lines written for them keep working. */
import type { FlagDefinition, FlagKind } from "./definition.ts";

type Wording = "v3.6" | "3.6" | "bare";

/** etcd's texts differ from flag to flag: in the version's form, and in the quotes and dashes around the new name. */
function deprecation(old: string, wording: Wording, use: string, quote: boolean): string {
  const version = wording === "3.6" ? ["3.6", "3.7"] : ["v3.6", "v3.7"];
  const quoted = quote ? `'${use}'` : use;
  return `--${old} is deprecated in ${version[0]} and will be decommissioned in ${version[1]}. Use ${quoted} instead.`;
}

interface Renamed {
  readonly name: string;
  readonly kind: FlagKind;
  readonly wording?: Wording;
  readonly quote?: boolean;
  readonly use?: string;
  readonly silent?: true;
}

const renamed: readonly Renamed[] = [
  { name: "corrupt-check-time", kind: "duration" },
  { name: "compact-hash-check-time", kind: "duration", wording: "3.6" },
  { name: "compaction-batch-limit", kind: "int" },
  { name: "compaction-sleep-interval", kind: "duration", use: "compaction-sleep-interval" },
  { name: "watch-progress-notify-interval", kind: "duration" },
  { name: "downgrade-check-time", kind: "duration" },
  { name: "warning-apply-duration", kind: "duration" },
  { name: "bootstrap-defrag-threshold-megabytes", kind: "uint" },
  { name: "memory-mlock", kind: "bool" },
  { name: "snapshot-catchup-entries", kind: "uint" },
  { name: "peer-skip-client-san-verification", kind: "bool", silent: true },
  { name: "enable-distributed-tracing", kind: "bool", wording: "3.6", quote: false },
  { name: "distributed-tracing-address", kind: "string", wording: "3.6", quote: false },
  { name: "distributed-tracing-service-name", kind: "string", wording: "3.6", quote: false },
  { name: "distributed-tracing-instance-id", kind: "string", wording: "3.6", quote: false },
  { name: "distributed-tracing-sampling-rate", kind: "int", wording: "3.6", quote: false },
];

const renamedFlags: FlagDefinition[] = renamed.map(({ name, kind, wording, quote, use, silent }) => {
  const old = `experimental-${name}`;
  const text = deprecation(old, wording ?? "v3.6", use ?? `--${name}`, quote ?? true);
  return {
    name: old,
    kind,
    fallback: kind === "bool" ? "false" : kind === "string" ? "" : kind === "duration" ? "0s" : "0",
    group: "Older names",
    help: `Older name of --${name}.`,
    replacement: name,
    ...(silent === true ? {} : { deprecation: text }),
  };
});

/** Older flag, gate, and how etcd words its warning; without wording it gives none. */
const gated: readonly (readonly [flag: string, gate: string, wording?: Wording])[] = [
  ["stop-grpc-service-on-defrag", "StopGRPCServiceOnDefrag"],
  ["initial-corrupt-check", "InitialCorruptCheck"],
  ["compact-hash-check-enabled", "CompactHashCheck", "3.6"],
  ["txn-mode-write-with-shared-buffer", "TxnModeWriteWithSharedBuffer", "v3.6"],
  ["enable-lease-checkpoint", "LeaseCheckpoint"],
  ["enable-lease-checkpoint-persist", "LeaseCheckpointPersist"],
];

const gatedFlags: FlagDefinition[] = gated.map(([name, gate, wording]) => {
  const old = `experimental-${name}`;
  const text = wording === undefined ? undefined : deprecation(old, wording, `--feature-gates=${gate}=true`, true);
  return {
    name: old,
    kind: "bool",
    fallback: gate === "TxnModeWriteWithSharedBuffer" ? "true" : "false",
    group: "Older names",
    help: `Older form of --feature-gates=${gate}=true.`,
    gate,
    ...(text === undefined ? {} : { deprecation: text }),
  };
});

const unaryDuration = "experimental-warning-unary-request-duration";

const others: readonly FlagDefinition[] = [
  {
    name: unaryDuration,
    kind: "duration",
    fallback: "0s",
    group: "Older names",
    help: "Older name of --warning-unary-request-duration.",
    replacement: "warning-unary-request-duration",
    deprecation: `--${unaryDuration} is deprecated, and will be decommissioned in v3.7. Use --warning-unary-request-duration instead.`,
  },
  {
    name: "log-output",
    kind: "strings",
    fallback: "default",
    group: "Older names",
    help: "Older name of --log-outputs.",
    replacement: "log-outputs",
    deprecation: "--log-output is a name of etcd 3.4; use --log-outputs",
  },
  {
    name: "debug",
    kind: "bool",
    fallback: "false",
    group: "Older names",
    help: "Older form of --log-level=debug.",
    deprecation: "--debug is a flag of etcd 3.4; use --log-level=debug",
  },
];

/** Accepted by etcd 3.4 or 3.5, and told to the operator to be without effect here. */
const withoutEffect: readonly (readonly [name: string, kind: FlagKind])[] = [
  ["proxy", "string"],
  ["proxy-failure-wait", "uint"],
  ["proxy-refresh-interval", "uint"],
  ["proxy-dial-timeout", "uint"],
  ["proxy-write-timeout", "uint"],
  ["proxy-read-timeout", "uint"],
  ["experimental-enable-v2v3", "string"],
  ["log-package-levels", "string"],
  ["next-cluster-version-compatible", "bool"],
];

const relics: FlagDefinition[] = withoutEffect.map(([name, kind]) => ({
  name,
  kind,
  fallback: kind === "bool" ? "false" : kind === "uint" ? "0" : "",
  group: "Older names",
  help: "Accepted for older command lines; without effect.",
  deprecation: `--${name} belongs to an older version of etcd and is without effect`,
}));

/** Accepted by every version of etcd with and without a value, and never looked at. */
const neverLookedAt: FlagDefinition[] = [
  "cluster-active-size",
  "cluster-remove-delay",
  "cluster-sync-interval",
  "config",
  "force",
  "max-result-buffer",
  "max-retry-attempts",
  "peer-heartbeat-interval",
  "peer-election-timeout",
  "retry-interval",
  "snapshot",
  "v",
  "vv",
  "test.coverprofile",
  "test.outputdir",
].map((name) => ({ name, kind: "ignored", fallback: "", group: "Older names", help: "" }));

export const olderFlags: readonly FlagDefinition[] = [
  ...renamedFlags,
  ...gatedFlags,
  ...others,
  ...relics,
  ...neverLookedAt,
];

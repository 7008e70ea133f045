/**
 * Options that etcd has and this server does not offer. Those that change who may connect or how a cluster is founded
 * are refused; the others are accepted with a warning, so that command lines written for etcd keep working.
 */
import type { FlagProblem, Notice } from "./outcome.ts";
import type { FlagValues } from "./values.ts";

/** Flags whose use is refused, and what to do instead. */
const refused: readonly (readonly [flag: string, isUsed: (v: FlagValues) => boolean, instead: string])[] = [
  ["discovery-srv", (v) => v.string("discovery-srv") !== "", "name the members with --initial-cluster"],
  [
    "discovery-endpoints",
    (v) => v.strings("discovery-endpoints").length > 0,
    "name the members with --initial-cluster",
  ],
  [
    "force-new-cluster",
    (v) => v.bool("force-new-cluster"),
    "start an etcd with it on this data directory, once, and then Quorate again",
  ],
  ["auto-tls", (v) => v.bool("auto-tls"), "give a certificate with --cert-file and --key-file"],
  ["peer-auto-tls", (v) => v.bool("peer-auto-tls"), "give a certificate with --peer-cert-file and --peer-key-file"],
];

/** Flags that are accepted and do nothing. */
const withoutEffect: readonly (readonly [flag: string, isUsed: (v: FlagValues) => boolean])[] = [
  ["auto-compaction-retention", (v) => !/^\+?0*[a-z]*$/.test(v.string("auto-compaction-retention"))],
  ["enable-pprof", (v) => v.bool("enable-pprof")],
  ["enable-distributed-tracing", (v) => v.bool("enable-distributed-tracing")],
  ["corrupt-check-time", (v) => v.number("corrupt-check-time") > 0],
  ["bootstrap-defrag-threshold-megabytes", (v) => v.number("bootstrap-defrag-threshold-megabytes") > 0],
  ["memory-mlock", (v) => v.bool("memory-mlock")],
  ["socket-reuse-port", (v) => v.bool("socket-reuse-port")],
];

/** Finds the first option whose neglect would be worse than a refusal. */
export function verifyOffered(v: FlagValues): FlagProblem | undefined {
  const found = refused.find(([, isUsed]) => isUsed(v));
  if (found === undefined) return undefined;
  const [name, , instead] = found;
  return { stage: "verify", flag: `--${name}`, message: `--${name} is not offered by Quorate; ${instead}` };
}

/** Tells of options that do nothing here. */
export function unofferedNotices(v: FlagValues): Notice[] {
  const used = withoutEffect.filter(([, isUsed]) => isUsed(v));
  return used.map(([name]) => ({
    level: "warn",
    message: "the flag is accepted for compatibility and without effect",
    fields: { flag: `--${name}` },
  }));
}

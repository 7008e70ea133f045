/** Checks of values that must go together, done before anything starts; texts and order are etcd's. */
import { formatDurationMs, goQuote } from "./go-values.ts";
import type { FlagProblem } from "./outcome.ts";
import { serverFlags } from "./table.ts";
import { bindProblem, type MemberUrl } from "./urls.ts";
import type { FlagValues } from "./values.ts";

type Report = (flag: string, message: string) => void;

const electionMsMax = 50_000;
const logLevels: readonly string[] = ["debug", "info", "warn", "error", "panic", "fatal"];

/** Finds older names given beside the newer ones; to be called before those take their place. */
export function verifyOlderNames(v: FlagValues): FlagProblem[] {
  const problems: FlagProblem[] = [];
  const report: Report = (flag, message) => problems.push({ stage: "verify", flag, message });
  for (const flag of serverFlags) {
    if (!v.isGiven(flag.name)) continue;
    const newer = flag.replacement;
    if (newer === "warning-unary-request-duration" && v.isGiven(newer)) {
      const only = `flags are set. Use only --${newer}`;
      report(`--${flag.name}`, `both --${flag.name} and --${newer} ${only}`);
    } else if (newer !== undefined && v.isGiven(newer)) {
      report(`--${flag.name}`, `cannot set --${flag.name} and --${newer} at the same time, please use --${newer} only`);
    }
    const given = flag.gate === undefined ? undefined : v.gates("feature-gates").get(flag.gate);
    if (given === undefined) continue;
    const gate = `--feature-gates=${flag.gate}=${given}`;
    report(
      `--${flag.name}`,
      `cannot specify both flags: --${flag.name}=${v.bool(flag.name)} and ${gate} at the same time, please just use ${gate}`,
    );
  }
  return problems;
}

function logging(v: FlagValues, report: Report): void {
  const logger = v.string("logger");
  if (logger === "capnslog") report("--logger", "--logger=capnslog is removed in v3.5");
  else if (logger !== "zap") report("--logger", `unknown logger option ${goQuote(logger)}`);
  const outputs = v.strings("log-outputs");
  if (outputs.length > 1 && outputs.includes("default")) {
    report("--log-outputs", 'multi logoutput for "default" is not supported yet');
  }
  const format = v.string("log-format");
  if (format !== "json" && format !== "console" && format !== "") {
    report("--log-format", `unknown log format: ${format}, supported values json, console`);
  }
  const level = v.string("log-level");
  if (!logLevels.includes(level)) report("--log-level", `unrecognized level: ${goQuote(level)}`);
}

function addresses(v: FlagValues, report: Report): void {
  for (const name of ["listen-peer-urls", "listen-client-urls", "listen-client-http-urls", "listen-metrics-urls"]) {
    for (const url of v.urls(name)) {
      const problem = bindProblem(url);
      if (problem !== undefined) report(`--${name}`, problem);
    }
  }
  for (const name of ["initial-advertise-peer-urls", "advertise-client-urls"]) {
    const urls = v.urls(name);
    const empty = urls.find((url) => url.host === "");
    if (empty === undefined) continue;
    const all = goQuote(urls.map((url) => url.text).join(","));
    report(`--${name}`, `--${name} ${all} must be "host:port" (unexpected empty host (${empty.text}))`);
  }
}

function bootstrap(v: FlagValues, report: Report): void {
  const viaCluster = v.isGiven("initial-cluster") && v.string("initial-cluster") !== "";
  const ways = [viaCluster, v.string("discovery-srv") !== "", v.strings("discovery-endpoints").length > 0];
  if (v.string("discovery") !== "") {
    report("--discovery", "--discovery (v2 discovery) is removed; use --discovery-endpoints or --initial-cluster");
  }
  if (ways.filter(Boolean).length > 1) {
    const choice = '"initial-cluster", "discovery", "discovery-endpoints" or "discovery-srv"';
    report("--initial-cluster", `multiple discovery or bootstrap flags are set. Choose one of ${choice}`);
  }
  const endpoints = v.strings("discovery-endpoints");
  if ((v.string("discovery-token") !== "") !== endpoints.length > 0) {
    report("--discovery-token", "both --discovery-token and --discovery-endpoints must be set");
  }
  if (endpoints.some((endpoint) => endpoint.trim() === "")) {
    report("--discovery-endpoints", "--discovery-endpoints must not contain empty endpoints");
  }
}

function times(v: FlagValues, report: Report): void {
  const tick = v.number("heartbeat-interval");
  const election = v.number("election-timeout");
  if (tick === 0) report("--heartbeat-interval", "--heartbeat-interval must be >0 (set to 0ms)");
  if (election === 0) report("--election-timeout", "--election-timeout must be >0 (set to 0ms)");
  if (election > 0 && 5 * tick > election) {
    const relation = `should be at least as 5 times as --heartbeat-interval[${tick}ms]`;
    report("--election-timeout", `--election-timeout[${election}ms] ${relation}`);
  }
  if (election > electionMsMax) {
    const bound = `is too long, and should be set less than ${electionMsMax}ms`;
    report("--election-timeout", `--election-timeout[${election}ms] ${bound}`);
  }
}

/** The text that makes etcd log a second line. */
export const advertiseMissing = "--advertise-client-urls is required when --listen-client-urls is set explicitly";

function features(v: FlagValues, report: Report): void {
  const mode = v.string("auto-compaction-mode");
  if (mode === "") report("--auto-compaction-mode", "undefined auto-compaction-mode");
  else if (mode !== "periodic" && mode !== "revision") {
    report("--auto-compaction-mode", `unknown auto-compaction-mode ${goQuote(mode)}`);
  }
  const gates = v.gates("feature-gates");
  const on = (name: string): boolean => gates.get(name) ?? gates.get("AllAlpha") ?? false;
  if (on("LeaseCheckpointPersist") && !on("LeaseCheckpoint")) {
    const text = "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint";
    report("--feature-gates", text);
  }
  const check = v.number("compact-hash-check-time");
  if (check <= 0) {
    report("--compact-hash-check-time", `--compact-hash-check-time must be >0 (set to ${formatDurationMs(check)})`);
  }
  const rate = v.number("distributed-tracing-sampling-rate");
  if (v.bool("enable-distributed-tracing") && (rate < 0 || rate > 1_000_000)) {
    const text = "distributed tracing configurition is not valid: (distributed tracing sampling rate must be positive";
    report("--distributed-tracing-sampling-rate", `${text} and at most 1000000, not ${rate})`);
  }
}

function tlsVersions(v: FlagValues, report: Report): void {
  const versions: readonly string[] = ["TLS1.2", "TLS1.3"];
  const min = v.string("tls-min-version");
  const max = v.string("tls-max-version");
  const known = (name: string, text: string): boolean => {
    if (text === "" || versions.includes(text)) return true;
    report(`--${name}`, `unexpected TLS version ${goQuote(text)} (must be one of: TLS1.2, TLS1.3)`);
    return false;
  };
  const minKnown = known("tls-min-version", min);
  const maxKnown = known("tls-max-version", max);
  if (!minKnown || !maxKnown) return;
  if (max !== "" && min > max) {
    report("--tls-max-version", `min version (${min}) is greater than max version (${max})`);
  }
  if (min === "TLS1.3" && v.strings("cipher-suites").length > 0) {
    report("--cipher-suites", "cipher suites cannot be configured when only TLS1.3 is enabled");
  }
}

/** Bounds on numbers that etcd takes as they come and stumbles over later. */
function bounds(v: FlagValues, report: Report): void {
  for (const name of ["max-txn-ops", "max-request-bytes"]) {
    if (v.number(name) === 0) report(`--${name}`, `--${name} must be >0 (set to 0)`);
  }
  for (const name of ["max-learners", "compaction-batch-limit", "backend-batch-limit"]) {
    if (v.number(name) < 0) report(`--${name}`, `--${name} must not be negative (set to ${v.number(name)})`);
  }
}

/**
 * Checks everything that needs neither the network nor the data directory.
 *
 * @param source whether flags and variables were read, or a file: a file keeps the default advertised URLs.
 * @returns problems in etcd's order; empty when the server may start.
 */
export function verify(v: FlagValues, source: "flags" | "file"): FlagProblem[] {
  const problems: FlagProblem[] = [];
  const report: Report = (flag, message) => problems.push({ stage: "verify", flag, message });
  if (v.string("discovery-fallback") === "proxy") {
    const text = 'v2 proxy is deprecated, and --discovery-fallback can\'t be configured as "proxy"';
    report("--discovery-fallback", text);
  }
  logging(v, report);
  addresses(v, report);
  bootstrap(v, report);
  times(v, report);
  if (source === "flags" && v.isGiven("listen-client-urls") && !v.isGiven("advertise-client-urls")) {
    report("--advertise-client-urls", advertiseMissing);
  }
  features(v, report);
  tlsVersions(v, report);
  bounds(v, report);
  return problems;
}

/** Urls of a list that need a certificate. */
export function securedUrls(urls: readonly MemberUrl[]): MemberUrl[] {
  return urls.filter((url) => url.scheme === "https" || url.scheme === "unixs");
}

import { describe, expect, test } from "vitest";
import { load, refusal } from "../testing/flags.ts";

describe("checks before anything starts", () => {
  // Messages as logged by etcd 3.6.14 under "failed to verify flags" or "discovery failed".
  test.each([
    [
      ["--listen-client-urls", "http://127.0.0.1:1"],
      "--advertise-client-urls is required when --listen-client-urls is set explicitly",
    ],
    [
      ["--listen-client-urls", "http://foo:1", "--advertise-client-urls", "http://foo:1"],
      "expected IP in URL for binding (http://foo:1)",
    ],
    [
      ["--election-timeout", "300"],
      "--election-timeout[300ms] should be at least as 5 times as --heartbeat-interval[100ms]",
    ],
    [["--election-timeout", "60000"], "--election-timeout[60000ms] is too long, and should be set less than 50000ms"],
    [["--heartbeat-interval", "0"], "--heartbeat-interval must be >0 (set to 0ms)"],
    [["--log-format", "bogus"], "unknown log format: bogus, supported values json, console"],
    [["--log-level", "bogus"], 'unrecognized level: "bogus"'],
    [["--logger", "capnslog"], "--logger=capnslog is removed in v3.5"],
    [["--auto-compaction-mode", "bogus"], 'unknown auto-compaction-mode "bogus"'],
    [["--auto-compaction-retention", "xx"], 'error parsing CompactionRetention: time: invalid duration "xx"'],
    [["--auto-compaction-retention", "-1"], 'error parsing CompactionRetention: time: missing unit in duration "-1"'],
    [["--auth-token", "bogus"], "auth: invalid auth options"],
    [["--auth-token", "jwt,foo"], "auth: invalid auth options"],
    [["--discovery-token", "x"], "both --discovery-token and --discovery-endpoints must be set"],
    [
      ["--discovery-fallback", "proxy"],
      'v2 proxy is deprecated, and --discovery-fallback can\'t be configured as "proxy"',
    ],
    [
      ["--initial-cluster", "a=http://127.0.0.1:1", "--discovery-srv", "foo"],
      'multiple discovery or bootstrap flags are set. Choose one of "initial-cluster", "discovery", "discovery-endpoints" or "discovery-srv"',
    ],
    [["--tls-min-version", "TLS1.9"], 'unexpected TLS version "TLS1.9" (must be one of: TLS1.2, TLS1.3)'],
    [
      ["--tls-min-version", "TLS1.3", "--tls-max-version", "TLS1.2"],
      "min version (TLS1.3) is greater than max version (TLS1.2)",
    ],
    [
      ["--tls-min-version", "TLS1.3", "--cipher-suites", "x"],
      "cipher suites cannot be configured when only TLS1.3 is enabled",
    ],
    [["--cipher-suites", "foo"], 'unexpected TLS cipher suite "foo"'],
    [["--compact-hash-check-time", "0s"], "--compact-hash-check-time must be >0 (set to 0s)"],
    [
      ["--feature-gates", "LeaseCheckpointPersist=true"],
      "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint",
    ],
    [
      ["--experimental-initial-corrupt-check", "--feature-gates", "InitialCorruptCheck=true"],
      "cannot specify both flags: --experimental-initial-corrupt-check=true and --feature-gates=InitialCorruptCheck=true at the same time, please just use --feature-gates=InitialCorruptCheck=true",
    ],
    [
      ["--experimental-corrupt-check-time", "5s", "--corrupt-check-time", "5s"],
      "cannot set --experimental-corrupt-check-time and --corrupt-check-time at the same time, please use --corrupt-check-time only",
    ],
    [
      ["--listen-client-urls", "https://127.0.0.1:1", "--advertise-client-urls", "https://127.0.0.1:1"],
      "TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:1 with HTTPS scheme",
    ],
    [
      ["--listen-peer-urls", "https://127.0.0.1:1"],
      "cannot listen on TLS for 127.0.0.1:1: KeyFile and CertFile are not presented",
    ],
    [
      ["--cert-file", "nofile", "--key-file", "nofile"],
      "open nofile: no such file or directory (given by --cert-file)",
    ],
    [["--config-file", "/nonexistent"], "open /nonexistent: no such file or directory"],
  ])("%j ends with status 1", (args, message) => {
    expect(refusal(args).slice(0, 2)).toEqual([message, 1]);
  });

  test("every problem names a flag", () => {
    const command = load(["--heartbeat-interval=0", "--log-format=bogus", "--tls-min-version=1"]);
    expect(command.kind === "refused" && command.problems.map((problem) => problem.flag)).toEqual([
      "--log-format",
      "--heartbeat-interval",
      "--tls-min-version",
    ]);
  });
});

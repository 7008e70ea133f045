import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadServerConfig } from "./load.ts";
import type { ServerCommand } from "./outcome.ts";
import type { ServerConfig } from "./config.ts";
import { serverFlags, variableOf } from "./table.ts";

type Variables = Readonly<Record<string, string>>;

function load(args: readonly string[], variables: Variables = {}, files: Variables = {}): ServerCommand {
  return loadServerConfig(args, {
    variables,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`);
      return text;
    },
    fileProblem: (path) => (files[path] === undefined ? `open ${path}: no such file or directory` : undefined),
  });
}

function config(args: readonly string[], variables: Variables = {}, files: Variables = {}): ServerConfig {
  const command = load(args, variables, files);
  if (command.kind !== "serve") throw new Error(JSON.stringify(command));
  return command.config;
}

function refusal(args: readonly string[], variables: Variables = {}, files: Variables = {}): [string, number, string] {
  const command = load(args, variables, files);
  if (command.kind !== "refused") throw new Error(`not refused: ${command.kind}`);
  const problem = command.problems[0];
  return [problem?.message ?? "", command.exitCode, problem?.flag ?? ""];
}

/** Command lines that etcd 3.6.14 cannot read, and the first line that it prints. */
const unreadable: readonly (readonly [args: string[], message: string])[] = [
  [["--no-such"], "flag provided but not defined: -no-such"],
  [["--name"], "flag needs an argument: -name"],
  [["---x"], "bad flag syntax: ---x"],
  [["--=x"], "bad flag syntax: --=x"],
  [["--enable-pprof=maybe"], 'invalid boolean value "maybe" for -enable-pprof: parse error'],
  [["--heartbeat-interval", "x"], 'invalid value "x" for flag -heartbeat-interval: parse error'],
  [["--grpc-keepalive-min-time", "5"], 'invalid value "5" for flag -grpc-keepalive-min-time: parse error'],
  [["--initial-cluster-state", "bogus"], 'invalid value "bogus" for flag -initial-cluster-state: invalid value'],
  [["--snapshot-count", "-1"], 'invalid value "-1" for flag -snapshot-count: parse error'],
  [
    ["--snapshot-count", "99999999999999999999"],
    'invalid value "99999999999999999999" for flag -snapshot-count: value out of range',
  ],
  [
    ["--max-concurrent-streams", "4294967296"],
    'invalid value "4294967296" for flag -max-concurrent-streams: strconv.ParseUint: parsing "4294967296": value out of range',
  ],
  [["--feature-gates", "Foo=true"], 'invalid value "Foo=true" for flag -feature-gates: unrecognized feature gate: Foo'],
  [
    ["--feature-gates", "LeaseCheckpoint"],
    'invalid value "LeaseCheckpoint" for flag -feature-gates: missing bool value for LeaseCheckpoint',
  ],
  [
    ["--feature-gates", "LeaseCheckpoint=maybe"],
    'invalid value "LeaseCheckpoint=maybe" for flag -feature-gates: invalid value of LeaseCheckpoint=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    ["--listen-client-urls", "ftp://127.0.0.1:1"],
    'invalid value "ftp://127.0.0.1:1" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1',
  ],
  [
    ["--listen-client-urls", "http://127.0.0.1"],
    'invalid value "http://127.0.0.1" for flag -listen-client-urls: URL address does not have the form "host:port": http://127.0.0.1',
  ],
  [
    ["--listen-client-urls", "http://127.0.0.1:1/x"],
    'invalid value "http://127.0.0.1:1/x" for flag -listen-client-urls: URL must not contain a path: http://127.0.0.1:1/x',
  ],
  [
    ["--listen-client-urls", "127.0.0.1:1"],
    'invalid value "127.0.0.1:1" for flag -listen-client-urls: parse "127.0.0.1:1": first path segment in URL cannot contain colon',
  ],
  [
    ["--listen-client-urls", "http://127.0.0.1:abc"],
    'invalid value "http://127.0.0.1:abc" for flag -listen-client-urls: parse "http://127.0.0.1:abc": invalid port ":abc" after host',
  ],
  [
    ["--listen-client-urls", "http://[::1:2"],
    `invalid value "http://[::1:2" for flag -listen-client-urls: parse "http://[::1:2": missing ']' in host`,
  ],
  [
    ["--listen-client-urls", "http://127.0.0.1:2379,"],
    'invalid value "http://127.0.0.1:2379," for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: ',
  ],
];

const real = fileURLToPath(new URL("../../../../.peers/bin/etcd-3.6", import.meta.url));

describe("Go's flag syntax", () => {
  test("one dash or two, with = or with the next word, mean the same", () => {
    for (const args of [["-name", "x"], ["--name", "x"], ["-name=x"], ["--name=x"]]) {
      expect(config(args).name).toBe("x");
    }
  });

  test("a later flag replaces an earlier one", () => {
    expect(config(["--name=a", "--name=b"]).name).toBe("b");
  });

  test("a boolean takes its value only behind =", () => {
    expect(config(["--pre-vote=false"]).preVote).toBe(false);
    expect(config(["--pre-vote=F"]).preVote).toBe(false);
    expect(refusal(["--pre-vote", "false"])).toEqual(['"false" is not a valid flag', 1, "false"]);
  });

  test.each(unreadable)("%j cannot be read: exit 2 and the usage", (args, message) => {
    const command = load(args);
    expect(refusal(args).slice(0, 2)).toEqual([message, 2]);
    expect(command.kind === "refused" && command.stderr.startsWith(`${message}\nUsage:\n\n  etcd [flags]\n`)).toBe(
      true,
    );
  });

  test.skipIf(!existsSync(real))("real etcd 3.6 refuses the same in the same words", () => {
    for (const [args, message] of unreadable) {
      const { status, stderr } = spawnSync(real, args, { encoding: "utf8", timeout: 10_000, env: {} });
      expect([args, status, stderr.split("\n")[0]]).toEqual([args, 2, message]);
    }
  });

  test("--help wins over what follows it, --version over nothing that is wrong", () => {
    expect(load(["--help", "--no-such"]).kind).toBe("help");
    expect(load(["-h"]).kind).toBe("help");
    expect(load(["--version"]).kind).toBe("version");
    expect(load(["--version", "--no-such"]).kind).toBe("refused");
  });

  test("help names every flag that is no older name", () => {
    const command = load(["--help"]);
    for (const flag of serverFlags) {
      if (flag.group === "Older names") continue;
      expect(command.kind === "help" && command.stdout).toContain(`  --${flag.name} `);
    }
  });
});

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

describe("variables", () => {
  test("give what flags do not", () => {
    const command = load(["--name", "x"], { ETCD_HEARTBEAT_INTERVAL: "50", ETCD_DATA_DIR: "", ETCD_FOO: "1" });
    expect(command.kind === "serve" && [command.config.heartbeatIntervalMs, command.config.dataDir]).toEqual([
      50,
      "x.etcd",
    ]);
    const notices = command.kind === "serve" ? command.notices : [];
    expect(notices).toContainEqual({
      level: "info",
      message: "recognized and used environment variable",
      fields: { "variable-name": "ETCD_HEARTBEAT_INTERVAL", "variable-value": "50" },
    });
    expect(notices).toContainEqual({
      level: "warn",
      message: "unrecognized environment variable",
      fields: { "environment-variable": "ETCD_FOO=1" },
    });
  });

  test("beside the flag are refused", () => {
    const [message, exitCode] = refusal(["--name", "y"], { ETCD_NAME: "x" });
    expect(message).toContain("conflicting environment variable is shadowed by corresponding command-line flag");
    expect(message).toContain("ETCD_NAME");
    expect(exitCode).toBe(1);
  });

  test("that cannot be read are refused by their own name", () => {
    const expected = ['invalid value "z" for ETCD_HEARTBEAT_INTERVAL: parse error', 1, "ETCD_HEARTBEAT_INTERVAL"];
    expect(refusal([], { ETCD_HEARTBEAT_INTERVAL: "z" })).toEqual(expected);
  });

  test("exist for every flag, and no two share one", () => {
    expect(new Set(serverFlags.map((flag) => variableOf(flag.name))).size).toBe(serverFlags.length);
  });
});

describe("the configuration", () => {
  test("of no flags at all is etcd 3.6's", () => {
    const c = config([]);
    expect(c).toMatchObject({
      name: "default",
      dataDir: "default.etcd",
      initialCluster: "default=http://localhost:2380",
      initialClusterState: "new",
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      snapshotCount: 10000,
      snapshotCatchupEntries: 5000,
      quotaBackendBytes: 2147483648,
      maxRequestBytes: 1572864,
      grpcKeepaliveIntervalMs: 7200000,
      preVote: true,
      strictReconfigCheck: true,
      authToken: { kind: "simple", ttlSeconds: 300 },
      autoCompaction: { mode: "off" },
      watchProgressNotifyIntervalMs: 600000,
    });
    expect(c.featureGates.TxnModeWriteWithSharedBuffer).toBe(true);
  });

  test("URLs come sorted and once each", () => {
    const c = config(["--listen-peer-urls", "http://127.0.0.1:2,http://[::1]:3, http://127.0.0.1:2,unix://a:1"]);
    expect(c.listenPeerUrls.map((url) => url.text)).toEqual(["http://127.0.0.1:2", "http://[::1]:3", "unix://a:1"]);
    expect(c.listenPeerUrls[1]).toMatchObject({ host: "::1", port: 3 });
  });

  test("the initial cluster follows the name and the advertised peer URLs", () => {
    const c = config(["--name=a", "--initial-advertise-peer-urls=http://h:1"]);
    expect(c.initialCluster).toBe("a=http://h:1");
  });

  test("older names act as the newer ones and are warned of in etcd's words", () => {
    const command = load([
      "--experimental-corrupt-check-time=5s",
      "--experimental-initial-corrupt-check",
      "--max-snapshots=3",
    ]);
    if (command.kind !== "serve") throw new Error(command.kind);
    expect(command.config.corruptCheckTimeMs).toBe(5000);
    expect(command.config.featureGates.InitialCorruptCheck).toBe(true);
    const warnings = command.notices.map((notice) => notice.message);
    expect(warnings).toContain(
      "--experimental-corrupt-check-time is deprecated in v3.6 and will be decommissioned in v3.7. Use '--corrupt-check-time' instead.",
    );
    expect(warnings).toContain("--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.");
  });

  test("what is not offered is refused where neglect would harm, and warned of elsewhere", () => {
    expect(refusal(["--discovery-srv=example.com"])).toEqual([
      "--discovery-srv is not offered by Quorate; name the members with --initial-cluster",
      1,
      "--discovery-srv",
    ]);
    for (const flag of ["--auto-tls", "--peer-auto-tls", "--force-new-cluster"]) {
      const [message, code] = refusal([flag]);
      expect(message).toContain(`${flag} is not offered by Quorate; `);
      expect(code).toBe(1);
    }
    const flags = (...args: string[]): unknown[] => {
      const command = load(args);
      if (command.kind !== "serve") throw new Error(command.kind);
      return command.notices.flatMap((notice) => notice.fields["flag"] ?? []);
    };
    expect(flags("--auto-compaction-retention=1", "--corrupt-check-time=5s")).toEqual([
      "--auto-compaction-retention",
      "--corrupt-check-time",
    ]);
    expect(flags("--auto-compaction-retention=0h")).toEqual([]);
    expect(flags()).toEqual([]);
  });

  test("relics are taken with and without a value", () => {
    expect(config(["--snapshot", "--vv=3", "--name=a"]).name).toBe("a");
  });

  test.each([
    ["periodic", "1", { mode: "periodic", retentionMs: 3600000 }],
    ["periodic", "90m", { mode: "periodic", retentionMs: 5400000 }],
    ["revision", "1000", { mode: "revision", retention: 1000 }],
    ["revision", "0", { mode: "off" }],
  ])("auto compaction %s %s", (mode, retention, expected) => {
    const c = config([`--auto-compaction-mode=${mode}`, `--auto-compaction-retention=${retention}`]);
    expect(c.autoCompaction).toEqual(expected);
  });
});

describe("the configuration file", () => {
  const file = `# a comment
name: n1
data-dir: "n1.data"   # behind a value
listen-client-urls: http://127.0.0.1:2379
advertise-client-urls: http://127.0.0.1:2379
heartbeat-interval: 200
watch-progress-notify-interval: 5000000000
log-outputs: [stderr, 'x y']
cipher-suites:
- TLS_RSA_WITH_AES_128_CBC_SHA
  # between
- TLS_RSA_WITH_AES_256_CBC_SHA
wal-dir:
pre-vote: false
proxy: 'off'
discovery-fallback: 'proxy'
someday: 1
peer-transport-security:
  cert-file: c
  key-file: k
  allowed-cn: [a, b]
socket-options: {reuse-port: true}
`;

  test("takes the place of flags and variables", () => {
    const files = { f: file, c: "", k: "" };
    const command = load(["--name=other", "--config-file", "f"], { ETCD_HEARTBEAT_INTERVAL: "z" }, files);
    if (command.kind !== "serve") throw new Error(JSON.stringify(command));
    expect(command.config).toMatchObject({
      name: "n1",
      dataDir: "n1.data",
      walDir: "",
      heartbeatIntervalMs: 200,
      watchProgressNotifyIntervalMs: 5000,
      preVote: false,
      socketReusePort: true,
      cipherSuites: ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"],
    });
    expect(command.config.log.outputs).toEqual(["stderr", "x y"]);
    expect(command.config.peerTls).toMatchObject({ certFile: "c", allowedCommonNames: ["a", "b"] });
    expect(command.notices.map((notice) => notice.fields["key"])).toContain("someday");
  });

  test("may be JSON, and come from a variable", () => {
    const json = '{\n  "name": "j",\n\t"client-transport-security": {"client-cert-auth": true}\n}';
    const c = config([], { ETCD_CONFIG_FILE: "f" }, { f: json });
    expect([c.name, c.clientTls.clientCertAuth]).toEqual(["j", true]);
  });

  test.each([
    ["heartbeat-interval: abc", 'f: invalid value "abc" for heartbeat-interval: must be a number'],
    [
      "grpc-keepalive-interval: 10m",
      'f: invalid value "10m" for grpc-keepalive-interval: must be a whole number of nanoseconds',
    ],
    [
      "listen-peer-urls: ftp://a",
      "unexpected error setting up listen-peer-urls: URL scheme must be http, https, unix, or unixs: ftp://a",
    ],
    ["name: a\nname: b", "f: line 2: key name is given twice"],
    ["name: |\n  a", "f: line 1: | is not supported here"],
    ["just words", 'f: line 1: expected "key: value", found just words'],
    ["peer-transport-security: 1", "invalid peer-transport-security"],
    ["name: [a", "f: line 1: expected , or ]"],
    ["a:\n  b: 1\n c: 2", "f: line 3: unexpected indentation"],
  ])("%j is refused", (text, message) => {
    expect(refusal(["--config-file=f"], {}, { f: text }).slice(0, 2)).toEqual([message, 1]);
  });
});

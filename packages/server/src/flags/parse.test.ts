import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { config, load, refusal } from "../testing/flags.ts";
import { serverFlags, variableOf } from "./table.ts";

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

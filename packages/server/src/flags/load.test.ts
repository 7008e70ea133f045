import { describe, expect, test } from "vitest";
import { config, load, refusal } from "../testing/flags.ts";

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

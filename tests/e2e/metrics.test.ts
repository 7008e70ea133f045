import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ctl, ctlOk, pause, realBinary, Scope, ServerCluster, waitFor } from "../support/index.ts";
import { KvClient } from "./support/kv-client.ts";

const scope = new Scope();
afterAll(() => scope.close());

/** One metric as a page shows it. */
interface Family {
  readonly type: string;
  readonly help: string;
  /** The sets of label names that its samples carry. */
  readonly labels: ReadonlySet<string>;
  /** Upper bounds of a histogram's buckets. */
  readonly bounds: ReadonlySet<string>;
}

type Page = Map<string, { type: string; help: string; labels: Set<string>; bounds: Set<string> }>;

/** Adds what a page in Prometheus' text format says to what others said. */
function addPage(page: Page, text: string): void {
  let family: { type: string; help: string; labels: Set<string>; bounds: Set<string> } | undefined;
  for (const line of text.trimEnd().split("\n")) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      family = page.get(name) ?? { type: "", help: rest, labels: new Set(), bounds: new Set() };
      page.set(name, family);
    } else if (word === "TYPE" && family !== undefined) family.type = rest;
    else {
      const labels = [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      const bound = labels.find(([, label]) => label === "le");
      if (bound?.[2] !== undefined) family?.bounds.add(bound[2]);
      const names = labels.map(([, label]) => label).filter((label) => label !== "le");
      family?.labels.add(names.join(","));
    }
  }
}

/** Lets a cluster do a little of everything that both programs can do, and returns what its members then show. */
async function pageOf(program: string): Promise<ReadonlyMap<string, Family>> {
  const cluster = await ServerCluster.start(scope, {
    program,
    flags: ["--snapshot-count=10", "--snapshot-catchup-entries=5"],
  });
  const { endpoints } = cluster;
  const leader = await cluster.leader();
  const options = { endpoints: [leader.clientUrl] };
  const client = new KvClient(leader.clientUrl);
  for (let i = 0; i < 60; i++) await client.put(`k${i % 20}`, `${i}`);
  client.close();
  await ctlOk(["get", "k", "--prefix"], options);
  await ctlOk(["get", "k1", "--consistency=s"], options);
  await ctlOk(["del", "k2"], options);
  await ctlOk(["compaction", "30"], options);
  await ctl(["get", "k1", "--rev=3"], options);
  await ctlOk(["endpoint", "hashkv"], options);
  for (const endpoint of endpoints) {
    for (const path of ["health", "livez", "readyz"]) await fetch(`${endpoint}/${path}`);
  }
  const joining = await cluster.join("m4");
  const learner = await waitFor("the cluster to take a learner", async () => {
    const { stdout } = await ctl(["member", "add", "m4", "--learner", `--peer-urls=${joining.peerUrl}`], options);
    return /Member +([0-9a-f]+) added/.exec(stdout)?.[1];
  });
  expect((await ctl(["member", "promote", learner], options)).stderr).toContain("in sync with leader");
  joining.start();
  await waitFor(
    "the learner to be promoted",
    async () => (await ctl(["member", "promote", learner], options)).code === 0,
  );
  await joining.ready();
  const gone = cluster.members.find((member) => member !== leader && member !== joining);
  await gone?.kill();
  await ctlOk(["move-leader", learner], options);
  await pause(1_500);
  const page: Page = new Map();
  for (const { clientUrl } of cluster.running()) addPage(page, await (await fetch(`${clientUrl}/metrics`)).text());
  await cluster.stop();
  return page;
}

/** Metrics of etcd that are not shown here, and why. */
const notShown: readonly (readonly [reason: string, names: readonly string[]])[] = [
  ["speaks of Go", ["etcd_server_go_version"]],
  [
    "phases of bbolt that our engine does not have",
    ["rebalance", "spill", "write"].map((phase) => `etcd_debugging_disk_backend_commit_${phase}_duration_seconds`),
  ],
  [
    "the v2 store, which is not built",
    ["expires_total", "reads_total", "watch_requests_total", "watchers", "writes_total"].map(
      (name) => `etcd_debugging_store_${name}`,
    ),
  ],
  [
    "the proxy's, always 0 in a server",
    ["cache_hits", "cache_keys", "cache_misses", "events_coalescing", "watchers_coalescing"].map(
      (name) => `etcd_grpc_proxy_${name}_total`,
    ),
  ],
  ["services that are not built yet: authentication", ["etcd_debugging_auth_revision"]],
  [
    "services that are not built yet: leases",
    [
      "lease_granted_total",
      "lease_renewed_total",
      "lease_revoked_total",
      "lease_ttl_total",
      "server_lease_expired_total",
    ].map((name) => `etcd_debugging_${name}`),
  ],
  [
    "services that are not built yet: watches",
    ["events_total", "pending_events_total", "slow_watcher_total", "watch_stream_total", "watcher_total"].map(
      (name) => `etcd_debugging_mvcc_${name}`,
    ),
  ],
  [
    "calls that are not built yet: Defragment and Hash",
    ["etcd_disk_backend_defrag_duration_seconds", "etcd_disk_defrag_inflight", "etcd_mvcc_hash_duration_seconds"],
  ],
  [
    "what the member does not tell yet: applies, read indexes",
    [
      "etcd_server_apply_duration_seconds",
      "etcd_server_read_indexes_failed_total",
      "etcd_server_slow_apply_total",
      "etcd_server_slow_read_indexes_total",
      "etcd_server_snapshot_apply_in_progress_total",
    ],
  ],
  [
    "what the member does not tell yet: compactions and sizes of puts",
    [
      "etcd_debugging_mvcc_db_compaction_keys_total",
      "etcd_debugging_mvcc_db_compaction_last",
      "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
      "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
      "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
      "etcd_debugging_mvcc_total_put_size_in_bytes",
    ],
  ],
  [
    "what the log does not tell yet: writes, and the syncs of snapshot files",
    [
      "etcd_debugging_snap_save_marshalling_duration_seconds",
      "etcd_debugging_snap_save_total_duration_seconds",
      "etcd_disk_wal_write_bytes_total",
      "etcd_disk_wal_write_duration_seconds",
      "etcd_snap_db_fsync_duration_seconds",
      "etcd_snap_fsync_duration_seconds",
    ],
  ],
  ["what the transport does not tell yet", ["etcd_network_disconnected_peers_total"]],
];

describe.skipIf(realBinary("etcd-3.6") === undefined || realBinary("etcdctl-3.4") === undefined)("metrics", () => {
  let real: ReadonlyMap<string, Family>;
  let ours: ReadonlyMap<string, Family>;
  beforeAll(async () => {
    [real, ours] = await Promise.all([pageOf("etcd-3.6"), pageOf("quorate")]);
  });

  test("are all that etcd 3.6 shows, but for those that are listed", () => {
    const missing = [...real.keys()].filter((name) => !name.startsWith("go_") && !ours.has(name));
    expect(missing.sort()).toEqual(notShown.flatMap(([, names]) => names).sort());
  });

  test("beside etcd's bear our name", () => {
    expect([...ours.keys()].filter((name) => !real.has(name) && !name.startsWith("quorate_"))).toEqual([]);
  });

  test("have etcd's types, helps, labels and buckets", () => {
    const shared = [...ours.keys()].filter((name) => real.has(name));
    expect(shared.length).toBeGreaterThan(60);
    const families = (page: ReadonlyMap<string, Family>): unknown =>
      Object.fromEntries(shared.map((name) => [name, page.get(name)]));
    expect(families(ours)).toEqual(families(real));
  });
});

import { hexId, type MemberId, noMember } from "@quorate/base";
import type { GrpcServer } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import type { PeerTransport } from "@quorate/peer";
import { etcdVersion } from "./flags/index.ts";
import type { CallMetrics } from "./call-metrics.ts";
import type { HealthCounters } from "./http/health.ts";
import type { LoopMonitor } from "./loop-monitor.ts";
import { type Histogram, MetricsWriter } from "./metrics.ts";
import { alarmName } from "./services/maintenance.ts";

/** Where a scrape reads from. */
export interface MetricsSources {
  readonly member: Member;
  readonly grpc: GrpcServer;
  readonly calls: CallMetrics;
  readonly health: HealthCounters;
  readonly loop: LoopMonitor;
  readonly quotaBytes: number;
  readonly walSync: Histogram;
  readonly backendCommit: Histogram;
  readonly transport: PeerTransport;
  /** Round trips of probes by peer, in seconds. */
  readonly roundTrips: ReadonlyMap<MemberId, Histogram>;
}

/** etcd's metrics, as far as what exists can feed them, and those of our own loop. */
export function metricsText(sources: MetricsSources): string {
  const w = new MetricsWriter();
  serverMetrics(w, sources);
  storeMetrics(w, sources);
  callMetrics(w, sources);
  peerMetrics(w, sources);
  healthMetrics(w, sources.health);
  processMetrics(w);
  sources.loop.write(w);
  return w.text();
}

const flag = (condition: boolean): number => (condition ? 1 : 0);

function serverMetrics(w: MetricsWriter, { member, quotaBytes }: MetricsSources): void {
  const counters = member.counters();
  const id = hexId(member.id);
  w.gauge(
    "etcd_server_has_leader",
    "Whether or not a leader exists. 1 is existence, 0 is not.",
    flag(member.lead !== noMember),
  );
  w.gauge(
    "etcd_server_is_leader",
    "Whether or not this member is a leader. 1 if is, 0 otherwise.",
    flag(member.isLeader),
  );
  w.gauge(
    "etcd_server_is_learner",
    "Whether or not this member is a learner. 1 if is, 0 otherwise.",
    flag(member.isLearner),
  );
  w.metric(
    "etcd_server_id",
    "gauge",
    "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
    [[{ server_id: id }, 1]],
  );
  w.metric(
    "etcd_server_version",
    "gauge",
    "Which version is running. 1 for 'server_version' label with current version.",
    [[{ server_version: etcdVersion }, 1]],
  );
  const version = member.machine.membership.clusterVersion;
  if (version !== "") {
    w.metric(
      "etcd_cluster_version",
      "gauge",
      "Which version is running. 1 for 'cluster_version' label with current cluster version",
      [[{ cluster_version: version.replace(/\.0$/, "") }, 1]],
    );
  }
  w.counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", counters.leaderChanges);
  w.counter(
    "etcd_server_proposals_failed_total",
    "The total number of failed proposals seen.",
    counters.proposalsFailed,
  );
  w.gauge(
    "etcd_server_proposals_pending",
    "The current number of pending proposals to commit.",
    counters.proposalsPending,
  );
  w.gauge(
    "etcd_server_proposals_committed_total",
    "The total number of consensus proposals committed.",
    member.committed,
  );
  w.gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", member.applied);
  w.gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", quotaBytes);
  const alarms = member.machine.alarms
    .list()
    .map(({ memberId, alarm }) => [{ server_id: hexId(memberId), alarm_type: alarmName(alarm) }, 1] as const);
  w.metric("etcd_debugging_server_alarms", "gauge", "Alarms for every member in cluster.", alarms);
}

function peerMetrics(w: MetricsWriter, { member, transport, roundTrips }: MetricsSources): void {
  const traffic = transport.traffic();
  const local = hexId(member.id);
  const by = (
    label: "To" | "From",
    value: (peer: (typeof traffic)[number]) => number,
  ): [Record<string, string>, number][] => traffic.map((peer) => [{ [label]: hexId(peer.id) }, value(peer)]);
  const sent = by("To", (peer) => peer.sentBytes);
  const received = by("From", (peer) => peer.receivedBytes);
  const failures = by("To", (peer) => peer.sendFailures);
  w.metric("etcd_network_peer_sent_bytes_total", "counter", "The total number of bytes sent to peers.", sent);
  w.metric(
    "etcd_network_peer_received_bytes_total",
    "counter",
    "The total number of bytes received from peers.",
    received,
  );
  w.metric(
    "etcd_network_peer_sent_failures_total",
    "counter",
    "The total number of send failures from peers.",
    failures,
  );
  const active = traffic.map(
    ({ id }) => [{ Local: local, Remote: hexId(id) }, flag(transport.activeSince(id) > 0)] as const,
  );
  w.metric("etcd_network_active_peers", "gauge", "The current number of active peer connections.", active);
  w.histogram(
    "etcd_network_peer_round_trip_time_seconds",
    "Round-Trip-Time histogram between peers",
    [...roundTrips].map(([id, histogram]) => [{ To: hexId(id) }, histogram] as const),
  );
  const known = traffic.map(({ id }) => [{ Local: local, Remote: hexId(id) }, 1] as const);
  w.metric("etcd_network_known_peers", "gauge", "The current number of known peers.", known);
}

function storeMetrics(w: MetricsWriter, { member, walSync, backendCommit }: MetricsSources): void {
  const { backend, machine } = member.storage;
  w.gauge(
    "etcd_mvcc_db_total_size_in_bytes",
    "Total size of the underlying database physically allocated in bytes.",
    backend.size(),
  );
  w.gauge(
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "Total size of the underlying database logically in use in bytes.",
    backend.sizeInUse(),
  );
  w.gauge("etcd_mvcc_db_open_read_transactions", "The number of currently open read transactions", backend.openReads());
  w.gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", machine.store.revision);
  w.gauge(
    "etcd_debugging_mvcc_compact_revision",
    "The revision of the last compaction in store.",
    Math.max(0, machine.store.compactRevision),
  );
  const { counts } = machine.kv;
  w.counter("etcd_mvcc_range_total", "Total number of ranges seen by this member.", counts.range);
  w.counter("etcd_mvcc_put_total", "Total number of puts seen by this member.", counts.put);
  w.counter("etcd_mvcc_delete_total", "Total number of deletes seen by this member.", counts.delete);
  w.counter("etcd_mvcc_txn_total", "Total number of txns seen by this member.", counts.txn);
  w.histogram("etcd_disk_backend_commit_duration_seconds", "The latency distributions of commit called by backend.", [
    [{}, backendCommit],
  ]);
  w.histogram("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.", [
    [{}, walSync],
  ]);
}

function callMetrics(w: MetricsWriter, { grpc, calls }: MetricsSources): void {
  const bytes = grpc.bytes();
  w.counter(
    "etcd_network_client_grpc_received_bytes_total",
    "The total number of bytes received from grpc clients.",
    bytes.received,
  );
  w.counter("etcd_network_client_grpc_sent_bytes_total", "The total number of bytes sent to grpc clients.", bytes.sent);
  calls.write(w);
}

function healthMetrics(w: MetricsWriter, health: HealthCounters): void {
  w.counter("etcd_server_health_success", "The total number of successful health checks", health.success);
  w.counter("etcd_server_health_failures", "The total number of failed health checks", health.failure);
  const totals: [Record<string, string>, number][] = [];
  for (const [key, count] of health.checks) {
    const [type = "", name = "", status = ""] = key.split("/");
    totals.push([{ type, name, status }, count]);
  }
  w.metric("etcd_server_healthchecks_total", "counter", "The total number of each healthcheck", totals);
}

function processMetrics(w: MetricsWriter): void {
  const cpu = process.cpuUsage();
  w.counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
    (cpu.user + cpu.system) / 1e6,
  );
  w.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", process.memoryUsage.rss());
  w.gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    Date.now() / 1000 - process.uptime(),
  );
}

import { hexId, noMember } from "@quorate/base";
import type { Member } from "@quorate/member";
import { etcdVersion, type FeatureGate, type ServerConfig, stageGates } from "../flags/index.ts";
import { alarmName } from "../services/maintenance.ts";
import { flag, type MetricsWriter } from "./exposition.ts";

/** Leadership, proposals, versions and alarms. */
export function serverMetrics(w: MetricsWriter, member: Member, config: ServerConfig): void {
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
    "etcd_server_heartbeat_send_failures_total",
    "The total number of leader heartbeat send failures (likely overloaded from slow disk).",
    counters.lateHeartbeats,
  );
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
  w.gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", config.quotaBackendBytes);
  const alarms = member.machine.alarms
    .list()
    .map(({ memberId, alarm }) => [{ server_id: hexId(memberId), alarm_type: alarmName(alarm) }, 1] as const);
  w.metric("etcd_debugging_server_alarms", "gauge", "Alarms for every member in cluster.", alarms);
  featureMetrics(w, config.featureGates);
}

function featureMetrics(w: MetricsWriter, gates: Readonly<Record<FeatureGate, boolean>>): void {
  const beta = new Set(["AllBeta", ...(stageGates.get("AllBeta") ?? [])]);
  w.metric(
    "etcd_server_feature_enabled",
    "gauge",
    "Whether or not a feature is enabled. 1 is enabled, 0 is not.",
    Object.entries(gates)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, on]) => [{ name, stage: beta.has(name) ? "BETA" : "ALPHA" }, flag(on)]),
  );
}

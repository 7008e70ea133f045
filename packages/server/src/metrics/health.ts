import type { MetricsWriter } from "./exposition.ts";

/** Counts of health answers, for metrics. */
export class HealthCounters {
  success = 0;
  failure = 0;
  /** By `type/name/status`. */
  readonly checks: Map<string, number> = new Map();

  count(type: string, name: string, ok: boolean): void {
    const key = `${type}/${name}/${ok ? "success" : "error"}`;
    this.checks.set(key, (this.checks.get(key) ?? 0) + 1);
  }

  write(w: MetricsWriter): void {
    w.counter("etcd_server_health_success", "The total number of successful health checks", this.success);
    w.counter("etcd_server_health_failures", "The total number of failed health checks", this.failure);
    const totals: [Record<string, string>, number][] = [];
    for (const [key, count] of this.checks) {
      const [type = "", name = "", status = ""] = key.split("/");
      totals.push([{ type, name, status }, count]);
    }
    w.metric("etcd_server_healthchecks_total", "counter", "The total number of each healthcheck", totals);
  }
}

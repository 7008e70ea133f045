import { flag, type MetricsWriter } from "./exposition.ts";

/** Counts of health answers, for metrics. */
export class HealthCounters {
  success = 0;
  failure = 0;
  /** How often a check came out so, by `type/name/status`. */
  readonly #checks: Map<string, number> = new Map();
  /** How each check came out last, by `type/name`. */
  readonly #last: Map<string, boolean> = new Map();

  count(type: string, name: string, ok: boolean): void {
    const check = `${type}/${name}`;
    const key = `${check}/${ok ? "success" : "error"}`;
    this.#checks.set(key, (this.#checks.get(key) ?? 0) + 1);
    this.#last.set(check, ok);
  }

  write(w: MetricsWriter): void {
    w.counter("etcd_server_health_success", "The total number of successful health checks", this.success);
    w.counter("etcd_server_health_failures", "The total number of failed health checks", this.failure);
    const totals: [Record<string, string>, number][] = [];
    for (const [key, count] of this.#checks) {
      const [type = "", name = "", status = ""] = key.split("/");
      totals.push([{ type, name, status }, count]);
    }
    w.metric("etcd_server_healthchecks_total", "counter", "The total number of each kind of healthcheck.", totals);
    const last: [Record<string, string>, number][] = [];
    for (const [key, ok] of this.#last) {
      const [type = "", name = ""] = key.split("/");
      last.push([{ type, name }, flag(ok)]);
    }
    w.metric("etcd_server_healthcheck", "gauge", "The result of each kind of healthcheck.", last);
  }
}

import type { MetricsWriter } from "./exposition.ts";

/** What the process takes of the machine. */
export function processMetrics(w: MetricsWriter): void {
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

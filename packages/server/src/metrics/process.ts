import { processFacts } from "@quorate/platform";
import type { MetricsWriter } from "./exposition.ts";

/** What the process takes of the machine, as far as the system tells. */
export function processMetrics(w: MetricsWriter): void {
  const cpu = process.cpuUsage();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  w.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", cpuSeconds);
  w.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", process.memoryUsage.rss());
  const startedSeconds = Date.now() / 1000 - process.uptime();
  w.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", startedSeconds);
  const facts = processFacts();
  const known = [
    ["process_open_fds", "gauge", "Number of open file descriptors.", facts.openDescriptors],
    ["process_max_fds", "gauge", "Maximum number of open file descriptors.", facts.descriptorsMax],
    ["os_fd_used", "gauge", "The number of used file descriptors.", facts.openDescriptors],
    ["os_fd_limit", "gauge", "The file descriptor limit.", facts.descriptorsMax],
    ["process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", facts.virtualBytes],
    [
      "process_virtual_memory_max_bytes",
      "gauge",
      "Maximum amount of virtual memory available in bytes.",
      facts.virtualBytesMax,
    ],
    [
      "process_network_receive_bytes_total",
      "counter",
      "Number of bytes received by the process over the network.",
      facts.receivedBytes,
    ],
    [
      "process_network_transmit_bytes_total",
      "counter",
      "Number of bytes sent by the process over the network.",
      facts.sentBytes,
    ],
  ] as const;
  for (const [name, type, help, value] of known) if (value !== undefined) w.metric(name, type, help, [[{}, value]]);
}

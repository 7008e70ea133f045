// Loaded into a server before its own code (`node --import`): watches how long turns of its event loop take. SIGUSR2
// prints the longest since the last time, and starts again.
//
// A turn counts with what it took of the clock or of the processor, whichever is less: while another process has the
// processor, our loop stands still without being at fault. Only the loop's own thread counts, as the kernel knows it.
import { readFileSync } from "node:fs";

const intervalMs = 5;
const statistics = `/proc/self/task/${process.pid}/schedstat`;
let longestMs = 0;
let turnAtMs = performance.now();
let usedAtMs = processorMs();

/** Milliseconds that the main thread has had the processor; its id is that of the process. */
function processorMs() {
  return Number(readFileSync(statistics, "latin1").split(" ", 1)[0]) / 1e6;
}

setInterval(() => {
  const nowMs = performance.now();
  const usedMs = processorMs();
  longestMs = Math.max(longestMs, Math.min(nowMs - turnAtMs - intervalMs, usedMs - usedAtMs));
  turnAtMs = nowMs;
  usedAtMs = usedMs;
}, intervalMs).unref();

process.on("SIGUSR2", () => {
  process.stderr.write(`longest turn: ${longestMs.toFixed(1)} ms\n`);
  longestMs = 0;
});

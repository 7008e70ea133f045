// Loaded into a server before its own code (`node --import`): watches how long turns of its event loop take. SIGUSR2
// prints the longest since the last time, and starts again.
//
// A turn counts with what it took of the clock or of the processor, whichever is less: while another process has the
// processor, our loop stands still without being at fault.
const intervalMs = 5;
let longestMs = 0;
let turnAtMs = performance.now();
let usedAtUs = processorUs();

function processorUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

setInterval(() => {
  const nowMs = performance.now();
  const usedUs = processorUs();
  longestMs = Math.max(longestMs, Math.min(nowMs - turnAtMs - intervalMs, (usedUs - usedAtUs) / 1000));
  turnAtMs = nowMs;
  usedAtUs = usedUs;
}, intervalMs).unref();

process.on("SIGUSR2", () => {
  process.stderr.write(`longest turn: ${longestMs.toFixed(1)} ms\n`);
  longestMs = 0;
});

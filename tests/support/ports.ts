import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Below the range from which the kernel takes ports for outgoing connections: a port that is free now stays free.
const portMin = 12_000;
const portMax = 31_999;

const claimDir = join(tmpdir(), "quorate-test-ports");
const claimed = new Set<number>();

process.on("exit", () => {
  for (const port of claimed) rmSync(join(claimDir, String(port)), { force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Claims a port among the test processes of this machine: one file per port, made exclusively, holding our pid. */
function claim(port: number): boolean {
  mkdirSync(claimDir, { recursive: true });
  const file = join(claimDir, String(port));
  try {
    const fd = openSync(file, "wx");
    writeSync(fd, String(process.pid));
    closeSync(fd);
  } catch {
    let owner = Number.NaN;
    try {
      owner = Number(readFileSync(file, "utf8") || "NaN");
    } catch {
      // Its owner has just let it go.
    }
    if (Number.isInteger(owner) && !isAlive(owner)) rmSync(file, { force: true });
    return false; // Somebody else's, or stale and now free for the next who asks.
  }
  claimed.add(port);
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Finds ports on 127.0.0.1 that nobody listens on and no other test process was given.
 *
 * They stay ours until this process ends.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > 1000 + count) throw new Error("no free ports on 127.0.0.1");
    const port = portMin + Math.floor(Math.random() * (portMax - portMin + 1));
    if (claimed.has(port) || !claim(port)) continue;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] as number;
}

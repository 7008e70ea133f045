/** What keeps a cluster busy while a scenario disturbs it. */
import type { Stage } from "./stage.ts";

export const busy = { clients: 3, thinkUs: 20_000, keys: 5, operations: ["put", "get", "txn", "range"] } as const;

/** Lets clients work for a while. */
export async function work(stage: Stage, seconds: number, clients = 3): Promise<void> {
  stage.clients.running = true;
  stage.clients.start(clients);
  await stage.wait(seconds * 1000);
  stage.clients.running = false;
}

/** Writes for a while; returns how many were acknowledged, and how often the leader changed. */
export async function load(stage: Stage, seconds: number): Promise<{ written: number; leaders: number }> {
  let written = 0;
  let leaders = 0;
  let last = stage.leaderNow();
  for (let tick = 0; tick < seconds * 10; tick++) {
    const now = stage.leaderNow();
    if (now !== undefined && now !== last) {
      leaders += 1;
      last = now;
    }
    if (now !== undefined) {
      stage.put(now, "load", `load ${tick}`).then(
        (outcome) => {
          if (outcome.kind === "put") written += 1;
        },
        () => undefined,
      );
    }
    await stage.wait(100);
  }
  return { written, leaders };
}

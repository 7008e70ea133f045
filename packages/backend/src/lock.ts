import type { Disk, DiskFile, FileLock } from "@quorate/base";
import type { BackendOptions } from "./types.ts";

const retryMs = 50;
const warnAfterMs = 10_000;

/** Another process, perhaps a real etcd, has the database open. */
export class BackendLockedError extends Error {
  override readonly name = "BackendLockedError";
  readonly path: string;

  constructor(path: string) {
    super(`${path}: the database is in use by another process`);
    this.path = path;
  }
}

/** Opens a file that exists and takes its lock, waiting as long as the options allow. */
export async function openLocked(
  disk: Disk,
  path: string,
  options: Pick<BackendOptions, "clock" | "logger" | "lockWaitMs">,
): Promise<{ readonly file: DiskFile; readonly lock: FileLock }> {
  const startMs = options.clock.nowMs();
  let warned = false;
  for (;;) {
    // Opened anew each time: whoever had the lock may have renamed another file over this one.
    const file = disk.open(path, "write");
    let lock: FileLock | undefined;
    try {
      lock = await disk.lock(file);
    } finally {
      if (lock === undefined) file.close();
    }
    if (lock !== undefined) return { file, lock };
    const waitedMs = options.clock.nowMs() - startMs;
    if (waitedMs >= (options.lockWaitMs ?? 0)) throw new BackendLockedError(path);
    if (waitedMs >= warnAfterMs && !warned) {
      warned = true;
      options.logger.log("warn", "db file is flocked by another process, or taking too long", { path });
    }
    await new Promise<void>((resolve) => options.clock.startTimer(retryMs, resolve));
  }
}

import { Backend } from "@quorate/backend";
import { silentLogger } from "@quorate/base";
import { MemoryDisk, VirtualClock } from "@quorate/base/testing";
import { describeRowStore } from "@quorate/mvcc/conformance";
import { rowsOf, tablesOf } from "./database.ts";

describeRowStore("the database", async () => {
  const disk = new MemoryDisk();
  const backend = await Backend.open(disk, "/db", {
    clock: new VirtualClock(),
    logger: silentLogger,
    pageCacheBytesMax: 64 * 1024,
    batchIntervalMs: 100,
    batchLimit: 10_000,
  });
  const tables = tablesOf(backend);
  return {
    rows: rowsOf(backend),
    meta: tables.meta,
    settle: () => backend.commit(),
    close: () => backend.close(),
  };
});

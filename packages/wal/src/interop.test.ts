/** Real tools of etcd read what we write. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EntryType, newEntry } from "@quorate/raft";
import { expect, test } from "vitest";
import { realBinary } from "../../../tests/support/index.ts";
import { Wal } from "./index.ts";
import { fileBytes } from "./testing/golden.ts";
import { confState, directory, emptyDisk, namesIn, stateAt } from "./testing/log.ts";

const dumpLogs = realBinary("etcd-dump-logs");

/** `InternalRaftRequest` with a header and a put. */
function putRequest(id: number, key: string, value: string): Uint8Array {
  const put = [0x0a, key.length, ...Buffer.from(key), 0x12, value.length, ...Buffer.from(value)];
  return Uint8Array.from([0x22, put.length, ...put, 0xa2, 0x06, 2, 0x08, id]);
}

test.skipIf(dumpLogs === undefined)("etcd-dump-logs reads our segments, one after the other", async () => {
  const disk = emptyDisk();
  const metadata = Uint8Array.from([0x08, 0x05, 0x10, 0x07]);
  const wal = await Wal.create(disk, directory, metadata, { segmentBytes: 4096 });
  for (let index = 1; index <= 100; index++) {
    const data = putRequest(index, `key${index}`, "v".repeat(80));
    wal.append(stateAt(3, index - 1), [newEntry(EntryType.normal, 3, index, data)]);
    await wal.sync();
    for (let i = 0; i < 10; i++) await Promise.resolve();
    if (index === 60) await wal.saveSnapshot({ index: 50, term: 3, confState });
  }
  await wal.close();
  expect(namesIn(disk).length).toBeGreaterThan(3);
  const folder = mkdtempSync(join(tmpdir(), "quorate-dump-"));
  try {
    mkdirSync(join(folder, "member/wal"), { recursive: true });
    for (const name of namesIn(disk)) {
      writeFileSync(join(folder, "member/wal", name), fileBytes(disk, `${directory}/${name}`));
    }
    const run = (...args: string[]): string =>
      execFileSync(dumpLogs as string, [...args, folder], { encoding: "utf8", timeout: 20_000 });
    const text = run("-start-index", "1");
    expect(text).toContain("nodeID=5 clusterID=7 term=3 commitIndex=99 vote=27611de2fe295e49");
    expect(text).toContain("lastIndex=100");
    for (const index of [2, 57, 100]) expect(text).toContain(`put:<key:"key${index}" value:"vvv`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

import { toMemberId } from "@quorate/base";
import type { OutgoingDatabase, PeerLink } from "@quorate/member";
import type { Message } from "@quorate/raft";
import { expect, test } from "vitest";
import { MetricsWriter } from "./exposition.ts";
import { SnapshotMetrics } from "./snapshots.ts";

const peer = toMemberId(0xabn);

function linesOf(metrics: SnapshotMetrics, pattern: RegExp): string[] {
  const w = new MetricsWriter();
  metrics.write(w);
  return w
    .text()
    .split("\n")
    .filter((line) => !line.startsWith("#") && pattern.test(line));
}

test("a database that is sent is in flight until it is reported, and open until it is closed", () => {
  const metrics = new SnapshotMetrics();
  const sent: OutgoingDatabase[] = [];
  const link = { sendSnapshot: (_message, database) => sent.push(database) } as Partial<PeerLink> as PeerLink;
  let closed = 0;
  const database: OutgoingDatabase = { size: 3, chunks: () => [Uint8Array.of(1, 2, 3)], close: () => (closed += 1) };
  const watched = metrics.watching(link);
  watched.sendSnapshot({ to: peer } as Message, database);
  expect(sent[0]?.size).toBe(3);
  expect([...((sent[0] as OutgoingDatabase).chunks() as Iterable<Uint8Array>)]).toEqual([Uint8Array.of(1, 2, 3)]);
  expect(linesOf(metrics, /inflights|success|failures/)).toEqual([
    'etcd_network_snapshot_send_inflights_total{To="ab"} 1',
    'etcd_network_snapshot_send_success{To="ab"} 0',
  ]);
  sent[0]?.close();
  expect(closed).toBe(1);
  expect(linesOf(metrics, /backend_snapshot_duration_seconds_count/)).toEqual([
    "etcd_disk_backend_snapshot_duration_seconds_count 1",
  ]);
  metrics.onSent(peer, true);
  watched.sendSnapshot({ to: peer } as Message, database);
  metrics.onSent(peer, false);
  metrics.onSent(peer, false); // Nothing is on its way any more.
  expect(linesOf(metrics, /inflights|success|failures|duration_seconds_count\{/)).toEqual([
    'etcd_network_snapshot_send_failures{To="ab"} 1',
    'etcd_network_snapshot_send_inflights_total{To="ab"} 0',
    'etcd_network_snapshot_send_success{To="ab"} 1',
    'etcd_network_snapshot_send_total_duration_seconds_count{To="ab"} 1',
  ]);
});

test("a database that is received counts as what became of it", async () => {
  const metrics = new SnapshotMetrics();
  const steps: string[] = [];
  const sink = {
    write: () => void steps.push("write"),
    commit: () => {
      steps.push("commit");
      return steps.length > 3 ? Promise.reject(new Error("full")) : Promise.resolve();
    },
    abort: () => void steps.push("abort"),
  };
  const first = metrics.receiving(peer, sink);
  await first.write(Uint8Array.of(1));
  await first.commit();
  const second = metrics.receiving(peer, sink);
  await second.write(Uint8Array.of(1));
  await expect(second.commit()).rejects.toThrow("full");
  second.abort();
  expect(steps).toEqual(["write", "commit", "write", "commit", "abort"]);
  expect(linesOf(metrics, /receive_(inflights|success|failures)|save_total.*count/)).toEqual([
    'etcd_network_snapshot_receive_failures{From="ab"} 1',
    'etcd_network_snapshot_receive_inflights_total{From="ab"} 0',
    'etcd_network_snapshot_receive_success{From="ab"} 1',
    "etcd_snap_db_save_total_duration_seconds_count 1",
  ]);
});

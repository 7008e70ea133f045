import type { Member, MemberObserver } from "@quorate/member";
import { exponentialBounds, Histogram, type MetricsWriter } from "./exposition.ts";

const bounds = exponentialBounds(0.001, 2, 14);

/** Times what log and database take, and tells how large they are. */
export class StoreMetrics {
  readonly #walSync: Histogram = new Histogram(bounds);
  readonly #backendCommit: Histogram = new Histogram(bounds);
  readonly observer: MemberObserver = {
    onWalSync: (ms) => this.#walSync.observe(ms / 1000),
    onBackendCommit: (ms) => this.#backendCommit.observe(ms / 1000),
  };

  write(w: MetricsWriter, member: Member): void {
    const { backend, machine } = member.storage;
    w.gauge(
      "etcd_mvcc_db_total_size_in_bytes",
      "Total size of the underlying database physically allocated in bytes.",
      backend.size(),
    );
    w.gauge(
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      "Total size of the underlying database logically in use in bytes.",
      backend.sizeInUse(),
    );
    w.gauge(
      "etcd_mvcc_db_open_read_transactions",
      "The number of currently open read transactions",
      backend.openReads(),
    );
    w.gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", machine.store.revision);
    w.gauge(
      "etcd_debugging_mvcc_compact_revision",
      "The revision of the last compaction in store.",
      Math.max(0, machine.store.compactRevision),
    );
    const all = machine.store.range({ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), countOnly: true });
    w.gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.", all.kind === "ok" ? all.count : 0);
    const { counts } = machine.kv;
    w.counter("etcd_mvcc_range_total", "Total number of ranges seen by this member.", counts.range);
    w.counter("etcd_mvcc_put_total", "Total number of puts seen by this member.", counts.put);
    w.counter("etcd_mvcc_delete_total", "Total number of deletes seen by this member.", counts.delete);
    w.counter("etcd_mvcc_txn_total", "Total number of txns seen by this member.", counts.txn);
    w.histogram("etcd_disk_backend_commit_duration_seconds", "The latency distributions of commit called by backend.", [
      [{}, this.#backendCommit],
    ]);
    w.histogram("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.", [
      [{}, this.#walSync],
    ]);
  }
}

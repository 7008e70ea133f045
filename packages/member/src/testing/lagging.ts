import { encodeTxnRequest, newPutRequest, newRequestOp, newTxnRequest, type RequestOp } from "@quorate/api";
import { utf8Decode, utf8Encode } from "@quorate/base";
import { type DiskStep, MemoryDisk } from "@quorate/base/testing";
import { valueOf } from "@quorate/mvcc";
import { RequestKind } from "@quorate/state";
import type { Member } from "../member.ts";
import type { MemberOptions } from "../options.ts";
import { Node, TestCluster } from "./cluster.ts";

/** A disk whose steps a test may watch, stop or slow down. */
export class WatchedDisk {
  onStep: (step: DiskStep) => void = () => undefined;
  syncMs = 0;
  readonly disk: MemoryDisk;

  constructor(clock: () => TestCluster) {
    this.disk = new MemoryDisk({
      before: (step) => this.onStep(step),
      syncDelay: () =>
        this.syncMs === 0
          ? Promise.resolve()
          : new Promise((resolve) => clock().clock.startTimer(this.syncMs, () => resolve())),
    });
  }
}

export function valueAt(member: Member, key: string): string | undefined {
  const found = member.machine.store.range({ key: utf8Encode(key) });
  if (found.kind !== "ok" || found.rows[0] === undefined) return undefined;
  return utf8Decode(valueOf(found.rows[0]));
}

/** One transaction of 128 puts. */
export function putMany(member: Member, prefix: string): Promise<unknown> {
  const success: RequestOp[] = [];
  for (let i = 0; i < 128; i++) {
    const requestPut = { ...newPutRequest(), key: utf8Encode(`${prefix}/${i}`), value: utf8Encode("v") };
    success.push({ ...newRequestOp(), requestPut });
  }
  const body = encodeTxnRequest({ ...newTxnRequest(), success });
  return new Promise((resolve, reject) => member.propose(RequestKind.txn, body, { settle: resolve, fail: reject }));
}

/** How `lagging` sets its cluster up. */
export interface LaggingOptions {
  /** Single rows that `m3` misses. */
  readonly rows?: number;
  /** Transactions of 128 rows that it misses. */
  readonly bulkTxns?: number;
  /** Such transactions that it has. */
  readonly bulkTxnsBefore?: number;
  readonly overrides?: Partial<MemberOptions>;
}

export interface Lagging {
  readonly cluster: TestCluster;
  readonly leader: Member;
  readonly watched: WatchedDisk;
  /** Makes `m3` miss what it takes. */
  readonly missRows: () => Promise<void>;
}

/** Three members, of which `m3` has missed so much that only a snapshot helps; it is still cut off. */
export async function lagging(options: LaggingOptions = {}): Promise<Lagging> {
  const lag = await aboutToLag(options);
  lag.cluster.isolate("m3");
  await lag.missRows();
  return lag;
}

/** As `lagging`, but `m3` has missed nothing yet: `missRows` is to be called once it is cut off. */
export async function aboutToLag(options: LaggingOptions = {}): Promise<Lagging> {
  const { rows = 60, bulkTxns = 0, bulkTxnsBefore = 0 } = options;
  const overrides = { snapshotCount: 20, snapshotCatchUpEntries: 5, ...options.overrides };
  const cluster = new TestCluster({ overrides });
  const watched = new WatchedDisk(() => cluster);
  cluster.nodes.set("m1", new Node("m1"));
  cluster.nodes.set("m2", new Node("m2"));
  cluster.nodes.set("m3", new Node("m3", watched.disk));
  const names = [...cluster.nodes.keys()];
  for (const name of names) await cluster.boot(name, "new", names);
  await cluster.clock.until(() => cluster.leader() !== undefined);
  await cluster.clock.until(() => cluster.up().every((member) => member.duties.isPublished));
  const m3 = cluster.node("m3").running;
  if (m3.isLeader) {
    await cluster.settle(m3.leadership.moveTo(cluster.node("m1").running.id));
    await cluster.clock.advance(500);
  }
  const leader = cluster.leader() as Member;
  for (let i = 0; i < bulkTxnsBefore; i++) await cluster.settle(putMany(leader, `before${i}`));
  await cluster.settle(cluster.put(leader, "old", "1"));
  await cluster.clock.until(() => valueAt(m3, "old") === "1");
  const missRows = async (): Promise<void> => {
    for (let i = 0; i < rows; i++) await cluster.settle(cluster.put(leader, `k${i}`, "v"));
    for (let i = 0; i < bulkTxns; i++) await cluster.settle(putMany(leader, `bulk${i}`));
    await cluster.clock.advance(1000);
  };
  return { cluster, leader, watched, missRows };
}

export const isSwap = (step: DiskStep): boolean => step.operation === "rename" && step.path.endsWith(".snap.db");

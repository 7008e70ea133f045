import {
  type ClusterId,
  type Clock,
  concatBytes,
  type LogFields,
  type Logger,
  type LogLevel,
  type MemberId,
  toClusterId,
  toMemberId,
} from "@quorate/base";
import type { Message } from "@quorate/raft";
import type { PeerAnswer, PeerBinaryAnswer, PeerHost, SnapshotSink } from "../host.ts";

/** The clock of this process. */
export const processClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  startTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.ceil(delayMs));
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn: (run) => void setImmediate(run),
};

/** Keeps log lines. */
export class MemoryLogger implements Logger {
  readonly lines: { level: LogLevel; message: string; fields: LogFields | undefined }[] = [];

  log(level: LogLevel, message: string, fields?: LogFields): void {
    this.lines.push({ level, message, fields });
  }
}

export const testCluster: ClusterId = toClusterId(0x51da9f9d4a4bf362n);

/** A member that keeps what the transport tells it. Conditions are awaited, bounded by the caller's test. */
export class FakeHost implements PeerHost {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  serverVersion = "3.6.0";
  urls: readonly string[] = [];
  readonly removed: Set<MemberId> = new Set();
  readonly received: Message[] = [];
  readonly unreachable: MemberId[] = [];
  readonly gone: MemberId[] = [];
  readonly snapshots: { id: MemberId; ok: boolean }[] = [];
  readonly databases: Map<number, Uint8Array> = new Map();
  readonly aborted: number[] = [];
  removedSeen = 0;
  onStep: (message: Message) => Promise<void> | void = () => undefined;
  leases?: (path: string, body: Uint8Array) => Promise<PeerBinaryAnswer>;
  promotion: PeerAnswer = { status: 200, body: "[]", contentType: "application/json" };
  readonly #watchers: Set<() => void> = new Set();

  constructor(id: bigint, clusterId: ClusterId = testCluster) {
    this.memberId = toMemberId(id);
    this.clusterId = clusterId;
  }

  peerUrls(): readonly string[] {
    return this.urls;
  }

  isRemoved(id: MemberId): boolean {
    return this.removed.has(id);
  }

  step(message: Message): Promise<void> | void {
    const taken = this.onStep(message);
    this.received.push(message);
    this.changed();
    return taken;
  }

  reportGone(id: MemberId): void {
    this.gone.push(id);
    this.changed();
  }

  reportUnreachable(id: MemberId): void {
    this.unreachable.push(id);
    this.changed();
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    this.snapshots.push({ id, ok });
    this.changed();
  }

  onRemovedFromCluster(): void {
    this.removedSeen++;
    this.changed();
  }

  membersJson(): string {
    return `[{"id":${this.memberId},"peerURLs":${JSON.stringify(this.urls)},"name":"n1"}]`;
  }

  versionJson(): string {
    return `{"etcdserver":"${this.serverVersion}","etcdcluster":"3.6.0","storage":"3.6.0"}`;
  }

  promote(_id: MemberId, authorization?: string): Promise<PeerAnswer> {
    if (authorization === "bad") return Promise.resolve({ status: 500, body: "no" });
    return Promise.resolve(this.promotion);
  }

  downgradeEnabled(): Promise<string> {
    return Promise.resolve("false");
  }

  hashKv(revision: number): Promise<PeerAnswer> {
    return Promise.resolve({ status: 200, body: `{"hash":${revision}}`, contentType: "application/json" });
  }

  receiveSnapshotDb(index: number): SnapshotSink {
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => void chunks.push(chunk),
      commit: () => {
        this.databases.set(index, concatBytes(chunks));
        return Promise.resolve();
      },
      abort: () => {
        this.aborted.push(index);
        this.changed();
      },
    };
  }

  /** Resolves as soon as `condition` holds, looked at after each thing that is told to this member and every 20 ms. */
  until(condition: () => boolean, withinMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(deadline);
        clearInterval(poll);
        this.#watchers.delete(look);
      };
      const look = (): void => {
        if (!condition()) return;
        finish();
        resolve();
      };
      const deadline = setTimeout(() => {
        finish();
        reject(new Error(`not so within ${withinMs} ms: ${condition.toString()}`));
      }, withinMs);
      const poll = setInterval(look, 20);
      this.#watchers.add(look);
      look();
    });
  }

  changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

import { AbortError, CorruptError, DiskError, emptyBytes, hexId, type LogIndex } from "@quorate/base";
import { type ConfState, type Message, type RawNode, type Snapshot } from "@quorate/raft";
import { encodeV2Store } from "@quorate/state";
import type { Applier } from "./applier.ts";
import type { MemberOptions, MemberPorts, PeerLink } from "./options.ts";
import type { DatabaseSink, Storage } from "./storage.ts";

/** What snapshots need from the member. */
export interface SnapshotHost {
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly storage: Storage;
  readonly node: RawNode;
  readonly applier: Applier;
  readonly link: PeerLink;
  /** The serial of the last proposal that was handed to raft. */
  lastProposed(): number;
  /**
   * The state was replaced by a received snapshot.
   *
   * @param swallowed the last serial of what the snapshot may hold; what was proposed after it is not in there.
   */
  onReplaced(swallowed: number): void;
  /** Applying may go on. */
  schedule(): void;
  /** Something failed that no disk explains: the member must not go on. */
  onFault(error: unknown): void;
}

/** A member that just got a snapshot needs the entries after it: the log keeps them for this long. */
const compactionPauseMs = 30_000;
/** Snapshots on their way to other members at a time. */
const sendsMax = 16;

/** A snapshot that could not be saved is tried again after this time. */
const saveRetryMs = 10_000;

const sendChunkBytes = 256 * 1024;

const purgeIntervalMs = 30_000;
/** Of several files that may go, the next one goes after this time. */
const nextPurgeMs = 1_000;

/** Beginnings of transfers that are remembered. */
const arrivalsMax = 16;

/**
 * What had been proposed when the database of a snapshot began to come in. The snapshot was made before that moment, so
 * later proposals have entries behind it; earlier ones may be in it, and then no entry will ever tell.
 */
class Arrivals {
  readonly #lastProposed: Map<LogIndex, number> = new Map();

  note(index: LogIndex, lastProposed: number): void {
    if (this.#lastProposed.has(index)) return;
    for (const oldest of this.#lastProposed.keys()) {
      if (this.#lastProposed.size < arrivalsMax) break;
      this.#lastProposed.delete(oldest);
    }
    this.#lastProposed.set(index, lastProposed);
  }

  /** The last serial proposed before the snapshot at `index` came; forgets it and older ones. */
  take(index: LogIndex): number {
    const lastProposed = this.#lastProposed.get(index) ?? Number.MAX_SAFE_INTEGER;
    for (const noted of [...this.#lastProposed.keys()]) if (noted <= index) this.#lastProposed.delete(noted);
    return lastProposed;
  }
}

/** Raft snapshots: made to shorten the log, sent to members that lag, received and installed. */
export class Snapshots {
  readonly #host: SnapshotHost;
  #lastIndex: LogIndex;
  #saving: Promise<void> | undefined;
  #saveFromMs = 0;
  #sending = 0;
  #pausedUntilMs = 0;
  #nextPurgeMs: number;
  #purging: Promise<void> | undefined;
  #installing: Promise<void> | undefined;
  #stopped = false;
  readonly #arrivals: Arrivals = new Arrivals();

  constructor(host: SnapshotHost) {
    this.#host = host;
    this.#lastIndex = host.storage.initial.snapshotIndex;
    this.#nextPurgeMs = host.ports.clock.nowMs() + purgeIntervalMs;
  }

  /** The state that a follower would be sent now. Its database is taken when the message leaves. */
  forFollower(): Snapshot | undefined {
    const { applier, storage } = this.#host;
    if (this.#sending >= sendsMax || applier.applied === 0) return undefined;
    const confState = storage.machine.progress.confState ?? storage.machine.membership.confState();
    return { data: emptyBytes, metadata: { index: applier.applied, term: applier.appliedTerm, confState } };
  }

  #confState(): ConfState {
    const { machine } = this.#host.storage;
    return machine.progress.confState ?? machine.membership.confState();
  }

  /** Called after each turn that applied something. */
  onApplied(index: LogIndex): void {
    const { options, ports } = this.#host;
    if (this.#saving !== undefined || index - this.#lastIndex <= options.snapshotCount) return;
    if (ports.clock.nowMs() < this.#saveFromMs) return;
    this.#saving = this.#save(index).then(
      () => {
        this.#saving = undefined;
      },
      (error: unknown) => {
        this.#saving = undefined;
        this.#saveFromMs = ports.clock.nowMs() + saveRetryMs;
        ports.logger.log("error", "failed to save a snapshot", { error: String(error) });
        this.#onError(error);
        throw error;
      },
    );
    // The failure is in the log; the next round tries again, and a broken disk stops the member at its next write.
    this.#saving.catch(() => undefined);
  }

  async #save(index: LogIndex): Promise<void> {
    const { storage, applier, node, ports, options } = this.#host;
    const { logger, clock } = ports;
    const metadata = { index, term: applier.appliedTerm, confState: this.#confState() };
    const data = encodeV2Store(storage.machine.membership);
    logger.log("info", "triggering snapshot", {
      "local-member-id": hexId(storage.memberId),
      "local-member-applied-index": index,
      "local-member-snapshot-index": this.#lastIndex,
      "local-member-snapshot-count": options.snapshotCount,
    });
    // The database must hold what the log is about to forget.
    await storage.backend.commit();
    await storage.saveSnapshot({ data, metadata });
    this.#lastIndex = index;
    logger.log("info", "saved snapshot", { "snapshot-index": index });
    const keepFrom = index - options.snapshotCatchUpEntries;
    if (keepFrom <= 1 || this.#sending > 0 || clock.nowMs() < this.#pausedUntilMs) return;
    node.compact(keepFrom);
    logger.log("info", "compacted Raft logs", { "compact-index": keepFrom });
  }

  /** Sends a snapshot message together with a database of exactly its index. */
  send(message: Message): void {
    this.#sending += 1;
    this.#prepare(message).catch((error: unknown) => {
      this.#host.ports.logger.log("warn", "failed to prepare a snapshot for a member", {
        "remote-peer-id": hexId(message.to),
        error: String(error),
      });
      this.onSent(false);
      this.#host.node.reportSnapshot(message.to, false);
      this.#onError(error);
    });
  }

  async #prepare(message: Message): Promise<void> {
    const { storage, applier, link } = this.#host;
    // While nothing is applied, whatever is committed now has this index.
    applier.pause();
    try {
      const { backend } = storage;
      await backend.commit();
      if (backend !== storage.backend) throw new AbortError("the state was replaced by a snapshot of another leader");
      const database = backend.snapshot();
      const snapshot: Snapshot = {
        data: encodeV2Store(storage.machine.membership),
        metadata: { index: applier.applied, term: applier.appliedTerm, confState: this.#confState() },
      };
      link.sendSnapshot(
        { ...message, snapshot },
        { size: database.size, chunks: () => database.chunks(sendChunkBytes), close: () => database.close() },
      );
    } finally {
      applier.resume();
      this.#host.schedule();
    }
  }

  /** A snapshot reached its member, or failed to. */
  onSent(ok: boolean): void {
    if (this.#sending > 0) this.#sending -= 1;
    if (ok) this.#pausedUntilMs = this.#host.ports.clock.nowMs() + compactionPauseMs;
  }

  /** A place for the database of a snapshot that is being received. */
  receive(index: LogIndex): DatabaseSink {
    this.#arrivals.note(index, this.#host.lastProposed());
    return this.#host.storage.receiveDatabase(index);
  }

  /**
   * Installs a received snapshot: its raft part becomes durable before the entries behind it, its database after that.
   * Rejects with an `AbortError` when the member stops meanwhile; the next start goes on from what is on disk then.
   */
  install(snapshot: Snapshot, append: () => Promise<void>): Promise<void> {
    const installing = this.#install(snapshot, append);
    this.#installing = installing;
    return installing;
  }

  async #install(snapshot: Snapshot, append: () => Promise<void>): Promise<void> {
    const { storage, applier, ports } = this.#host;
    const { index, term } = snapshot.metadata;
    ports.logger.log("info", "applying snapshot", {
      "current-applied-index": applier.applied,
      "incoming-leader-snapshot-index": index,
      "incoming-leader-snapshot-term": term,
    });
    await this.#saving?.catch(() => undefined);
    await storage.saveSnapshot(snapshot, append);
    await storage.installDatabase(
      snapshot,
      () => {
        if (this.#stopped) throw new AbortError("the member was stopped");
      },
      () => applier.replaceState(storage.machine, index, term),
    );
    this.#lastIndex = index;
    this.#host.onReplaced(this.#arrivals.take(index));
    ports.logger.log("info", "applied snapshot", { "current-snapshot-index": index });
  }

  /** Removes old files once in a while. */
  onTick(): void {
    const { clock, logger } = this.#host.ports;
    if (this.#purging !== undefined || clock.nowMs() < this.#nextPurgeMs) return;
    this.#nextPurgeMs = clock.nowMs() + purgeIntervalMs;
    this.#purging = this.#host.storage.purge().then(
      (more) => {
        this.#purging = undefined;
        if (more) this.#nextPurgeMs = clock.nowMs() + nextPurgeMs;
      },
      (error: unknown) => {
        this.#purging = undefined;
        logger.log("warn", "failed to purge files", { error: String(error) });
        this.#onError(error);
      },
    );
  }

  /** What a disk refuses is tried again; anything else is a fault of ours, unless the member is stopping. */
  #onError(error: unknown): void {
    if (this.#stopped || error instanceof AbortError) return;
    if (!(error instanceof DiskError) && !(error instanceof CorruptError)) this.#host.onFault(error);
  }

  /** Begins nothing more; resolves when nothing is being saved, installed or purged. */
  async settled(): Promise<void> {
    this.#stopped = true;
    await this.#installing?.catch(() => undefined);
    await this.#saving?.catch(() => undefined);
    await this.#purging;
  }
}

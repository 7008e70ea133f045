import { type LogFields, type Logger, type LogLevel, type MemberId, SeededRandom, utf8Encode } from "@quorate/base";
import { decodeKeyValue, type KeyValue } from "@quorate/mvcc";
import { NodeClock, NodeDisk } from "@quorate/platform";
import { type Scope, waitFor } from "../../../../tests/support/index.ts";
import { Member, type StopReason } from "../member.ts";
import type { ClusterDirectory, MemberOptions, MemberPorts, PeerLink } from "../options.ts";
import { Storage } from "../storage.ts";

/** A key as etcdctl's JSON prints it. */
export interface GoldenKey {
  readonly key: string;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly value?: string;
  readonly lease?: string;
}

export interface GoldenGet {
  readonly kvs?: readonly GoldenKey[];
  readonly count?: number;
}

/** What real etcd answered at one moment. */
export interface GoldenAnswers {
  readonly hashkv: readonly { readonly HashKV: { readonly hash: number; readonly compact_revision: number } }[];
  readonly get?: GoldenGet;
  readonly status: readonly { readonly Status: { readonly header: { readonly revision: number } } }[];
  readonly lease_list?: { readonly leases?: readonly { readonly id: string }[] };
  readonly member_list?: { readonly members: readonly GoldenMember[] };
}

export interface GoldenMember {
  readonly ID: string;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs?: readonly string[];
}

const nobody: PeerLink = {
  addPeer: () => undefined,
  updatePeer: () => undefined,
  removePeer: () => undefined,
  removeAllPeers: () => undefined,
  addRemote: () => undefined,
  send: () => undefined,
  sendSnapshot: (_message, database) => database.close(),
  activeSince: () => 0,
};

const unreachable = (): Promise<never> => Promise.reject(new Error("nobody answers"));

const silence: ClusterDirectory = {
  members: unreachable,
  versions: () => Promise.resolve(undefined),
  sameUrls: (a, b) => Promise.resolve(a.join() === b.join() ? { same: true } : { same: false, reason: "other texts" }),
  promote: unreachable,
};

/** Keeps what was logged. */
export class ListLogger implements Logger {
  readonly lines: { level: LogLevel; message: string; fields: LogFields }[] = [];

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }
}

/** Opens and runs the member of a data directory, with a real disk and clock and no other members. */
export class GoldenBoot {
  readonly options: MemberOptions;
  readonly logger: ListLogger = new ListLogger();
  readonly #scope: Scope;
  #storage: Storage | undefined;
  #member: Member | undefined;
  stopped: StopReason | undefined;

  constructor(scope: Scope, dataDir: string, overrides: Partial<MemberOptions> = {}) {
    this.#scope = scope;
    this.options = {
      name: "n1",
      dataDir,
      walDir: undefined,
      advertisePeerUrls: ["http://127.0.0.1:42001"],
      advertiseClientUrls: ["http://127.0.0.1:42000"],
      initialCluster: new Map([["n1", ["http://127.0.0.1:42001"]]]),
      initialClusterState: "new",
      initialClusterToken: "golden",
      heartbeatMs: 10,
      electionMs: 100,
      initialElectionTickAdvance: true,
      preVote: true,
      snapshotCount: 10_000,
      snapshotCatchUpEntries: 5000,
      snapshotFilesMax: 5,
      walFilesMax: 5,
      backendBatchMs: 100,
      backendBatchLimit: 10_000,
      pageCacheBytesMax: 16 * 1024 * 1024,
      quotaBytes: 0,
      requestBytesMax: 1024 * 1024,
      txnOpsMax: 128,
      learnersMax: 1,
      strictReconfigCheck: true,
      serverVersion: "3.6.14",
      unsafeNoFsync: false,
      ...overrides,
    };
  }

  /** Opens the directory. Rejects with the refusal. */
  async open(): Promise<Storage> {
    this.#storage = await Storage.open(this.options, this.#ports());
    this.#scope.defer(() => this.close());
    return this.#storage;
  }

  #ports(): MemberPorts {
    return {
      clock: new NodeClock(),
      random: new SeededRandom(1),
      disk: new NodeDisk(),
      logger: this.logger,
      directory: silence,
    };
  }

  /** Opens the directory and runs its member until all that is committed is applied. */
  async start(): Promise<Member> {
    const storage = await this.open();
    const member = new Member(this.options, this.#ports(), storage, nobody, (reason) => {
      this.stopped = reason;
    });
    this.#member = member;
    member.start();
    await waitFor("the log to be applied", () => this.stopped !== undefined || member.applied >= member.committed, {
      intervalMs: 5,
    });
    return member;
  }

  /** As {@link start}, until the member leads and has published itself. */
  async lead(): Promise<Member> {
    const member = await this.start();
    await waitFor("the member to lead", () => this.stopped !== undefined || member.duties.isPublished, {
      intervalMs: 5,
    });
    if (this.stopped !== undefined) throw stopError(this.stopped);
    return member;
  }

  /** Stops what runs; the directory may be opened again after. */
  async close(): Promise<void> {
    const member = this.#member;
    const storage = this.#storage;
    this.#member = undefined;
    this.#storage = undefined;
    await (member === undefined ? storage?.close() : member.stop());
  }
}

function stopError(reason: StopReason): Error {
  if (reason.kind === "removed") return new Error("the member was removed");
  return reason.error instanceof Error ? reason.error : new Error(String(reason.error));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function goldenKey(kv: KeyValue): GoldenKey {
  return {
    key: base64(kv.key),
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    ...(kv.value.length > 0 ? { value: base64(kv.value) } : {}),
    ...(kv.lease === 0n ? {} : { lease: String(kv.lease) }),
  };
}

/** All keys at a revision, in the form of the manifests; 0 is the newest. */
export function keysAt(storage: Storage, revision: number): GoldenKey[] {
  const found = storage.machine.store.range({ key: utf8Encode("\0"), rangeEnd: utf8Encode("\0"), revision });
  if (found.kind !== "ok") throw new Error(`revision ${revision} is ${found.kind}`);
  return found.rows.map((row) => goldenKey(decodeKeyValue(row)));
}

/** The members in the form of the manifests. */
export function goldenMembers(storage: Storage): GoldenMember[] {
  return storage.machine.membership.list().map((member) => ({
    ID: String(member.id),
    ...(member.name === "" ? {} : { name: member.name }),
    peerURLs: member.peerUrls,
    ...(member.clientUrls.length === 0 ? {} : { clientURLs: member.clientUrls }),
  }));
}

export const decimal = (ids: readonly MemberId[]): string[] => ids.map(String);

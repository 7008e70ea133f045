import {
  AlarmAction,
  decodeAlarmRequest,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodeLeaseCheckpointRequest,
  decodeLeaseGrantRequest,
  decodeLeaseRevokeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
} from "@quorate/api";
import { type LogIndex, type Term, utf8Encode } from "@quorate/base";
import type { MvccStore } from "@quorate/mvcc";
import type { ConfState } from "@quorate/raft";
import { announcementOf } from "./announcement.ts";
import { Alarms } from "./alarms.ts";
import { KvMachine } from "./kv.ts";
import { leaseCost, putCost, txnCost } from "./kv-checks.ts";
import { Leases } from "./leases.ts";
import { type MembershipChange, type MembershipEffect, Membership } from "./membership.ts";
import type { Outcome } from "./outcome.ts";
import type { Tables } from "./ports.ts";
import { Progress } from "./progress.ts";
import { type RaftRequest, RequestKind } from "./request.ts";
import { compareMinor, parseVersion, type Version } from "./version.ts";

/** From here on all members refuse a transaction with a top-level range that cannot be read. */
const strictTxns: Version = { major: 3, minor: 7, patch: 0 };
const authEnabledKey = utf8Encode("authEnabled");
const schemaVersioned: Version = { major: 3, minor: 6, patch: 0 };

/** A committed entry asks for something that this version cannot apply; going on would let members diverge. */
export class UnsupportedEntryError extends Error {
  override readonly name = "UnsupportedEntryError";
}

/** What the machine needs beside its tables. */
export interface MachineOptions {
  readonly learnersMax: number;
  /** Leases live at least so long. */
  readonly leaseTtlSecondsMin: number;
  /** Bytes; 0 or less: no quota. */
  readonly quotaBytes: number;
  /** Bytes that the database file takes. */
  databaseSize(): number;
  onClusterVersion?(version: string): void;
  /** A request went over this member's own quota. */
  onQuotaExceeded?(): void;
}

/**
 * The replicated state of one member: applies committed entries in order, each once.
 *
 * Every effect of an entry and the index of that entry reach the disk in the same transaction.
 */
export class StateMachine {
  readonly membership: Membership;
  readonly alarms: Alarms;
  readonly leases: Leases;
  readonly progress: Progress;
  readonly kv: KvMachine;
  readonly #options: MachineOptions;

  /** @throws UnsupportedEntryError when the cluster asks who its clients are: this version could not ask them. */
  constructor(tables: Tables, store: MvccStore, options: MachineOptions) {
    if (tables.auth.get(authEnabledKey)?.[0] === 1) {
      throw new UnsupportedEntryError(
        "authentication is enabled in this cluster, which this version cannot enforce: " +
          "run the member with a version that can, or disable authentication first",
      );
    }
    this.membership = new Membership(tables, options.learnersMax);
    this.alarms = new Alarms(tables.alarm);
    this.leases = new Leases(tables.lease, options.leaseTtlSecondsMin);
    this.progress = new Progress(tables.meta);
    this.kv = new KvMachine(store, this.leases);
    this.#options = options;
  }

  get store(): MvccStore {
    return this.kv.store;
  }

  /** An entry without effect. */
  advance(index: LogIndex, term: Term): void {
    this.progress.advance(index, term);
  }

  /**
   * Applies a request.
   *
   * @param wanted false when nobody here waits for the answer: then nothing is read that changes nothing.
   */
  apply(index: LogIndex, term: Term, request: RaftRequest, wanted: boolean): Outcome {
    const outcome = this.#dispatch(request, wanted);
    this.progress.advance(index, term);
    return outcome;
  }

  #dispatch(request: RaftRequest, wanted: boolean): Outcome {
    switch (request.kind) {
      case RequestKind.put:
        return this.#put(request);
      case RequestKind.txn:
        return this.#txn(request, wanted);
      case RequestKind.deleteRange:
        if (this.alarms.corrupt) return this.#refused("corrupt");
        return this.kv.deleteRange(decodeDeleteRangeRequest(request.body));
      case RequestKind.range:
        if (!wanted) return { kind: "done", revision: 0 };
        return this.kv.range(decodeRangeRequest(request.body));
      case RequestKind.compaction:
        if (this.alarms.corrupt) return this.#refused("corrupt");
        return this.kv.compact(decodeCompactionRequest(request.body));
      case RequestKind.leaseGrant:
        return this.#grantLease(request);
      case RequestKind.leaseRevoke:
        if (this.alarms.corrupt) return this.#refused("corrupt");
        return this.kv.revokeLease(decodeLeaseRevokeRequest(request.body).id);
      case RequestKind.leaseCheckpoint:
        return this.#checkpointLeases(request);
      case RequestKind.alarm:
        return this.#alarm(request);
      case RequestKind.v2:
      case RequestKind.clusterVersionSet:
      case RequestKind.clusterMemberAttrSet:
        return this.#announce(request);
      case RequestKind.downgradeVersionTest:
      // Questions about users and roles change nothing; only the member that was asked answers them.
      case RequestKind.authStatus:
      case RequestKind.authUserGet:
      case RequestKind.authUserList:
      case RequestKind.authRoleGet:
      case RequestKind.authRoleList:
        return this.#done();
      default:
        throw new UnsupportedEntryError(
          `a committed entry carries request ${request.kind}, which this version cannot apply: ` +
            "replace this member by one that can, or the members would diverge",
        );
    }
  }

  #done(): Outcome {
    return { kind: "done", revision: this.kv.revision };
  }

  #refused(code: "corrupt" | "noSpace"): Outcome {
    return { kind: "refused", revision: this.kv.revision, code };
  }

  #put(request: RaftRequest): Outcome {
    const put = decodePutRequest(request.body);
    if (this.alarms.corrupt) return this.#refused("corrupt");
    if (this.alarms.noSpace) return this.#refused("noSpace");
    return this.#withQuota(putCost(put), this.kv.put(put));
  }

  #txn(request: RaftRequest, wanted: boolean): Outcome {
    const txn = decodeTxnRequest(request.body);
    const cost = txnCost(txn);
    if (this.alarms.corrupt) return this.#refused("corrupt");
    if (this.alarms.noSpace && cost > 0) return this.#refused("noSpace");
    return this.#withQuota(cost, this.kv.txn(txn, wanted, this.#clusterIs(strictTxns)));
  }

  /** A request over the quota is applied, and its caller is told all the same; only the alarm refuses later ones. */
  #withQuota(cost: number, outcome: Outcome): Outcome {
    if (!this.overQuota(cost)) return outcome;
    this.#options.onQuotaExceeded?.();
    return this.#refused("noSpace");
  }

  /** Tells whether `cost` more bytes would reach this member's quota. */
  overQuota(cost: number): boolean {
    const { quotaBytes } = this.#options;
    return quotaBytes > 0 && cost > 0 && this.#options.databaseSize() + cost >= quotaBytes;
  }

  #grantLease(request: RaftRequest): Outcome {
    if (this.alarms.corrupt) return this.#refused("corrupt");
    if (this.alarms.noSpace) return this.#refused("noSpace");
    const { id, ttl } = decodeLeaseGrantRequest(request.body);
    const lease = this.leases.grant(id, ttl);
    const { revision } = this.kv;
    if (typeof lease === "string") return { kind: "refused", revision, code: lease };
    const response = { id, ttl: lease.ttlSeconds };
    return this.#withQuota(leaseCost, { kind: "leaseGrant", revision, response });
  }

  #checkpointLeases(request: RaftRequest): Outcome {
    const persist = this.#clusterIs(schemaVersioned);
    for (const { id, remainingTtl } of decodeLeaseCheckpointRequest(request.body).checkpoints) {
      this.leases.checkpoint(id, remainingTtl, persist);
    }
    return this.#done();
  }

  /** Tells whether the cluster has reached a version. */
  #clusterIs(least: Version): boolean {
    const version = parseVersion(this.membership.clusterVersion);
    return version !== undefined && compareMinor(version, least) >= 0;
  }

  #alarm(request: RaftRequest): Outcome {
    const { action, memberId, alarm } = decodeAlarmRequest(request.body);
    const alarms =
      action === AlarmAction.GET
        ? this.alarms.list(alarm)
        : action === AlarmAction.ACTIVATE
          ? this.alarms.activate(memberId, alarm)
          : action === AlarmAction.DEACTIVATE
            ? this.alarms.deactivate(memberId, alarm)
            : [];
    return { kind: "alarm", revision: this.kv.revision, response: { alarms } };
  }

  #announce(request: RaftRequest): Outcome {
    const told = announcementOf(request);
    if (told?.kind === "attributes") this.membership.setAttributes(told.id, told.name, told.clientUrls);
    else if (told?.kind === "clusterVersion") this.#setClusterVersion(told.text);
    return this.#done();
  }

  #setClusterVersion(text: string): void {
    if (parseVersion(text) === undefined || text === this.membership.clusterVersion) return;
    this.membership.setClusterVersion(text);
    const version = parseVersion(text);
    // From 3.6 on the schema carries its version, which follows the cluster's.
    if (version !== undefined && compareMinor(version, schemaVersioned) >= 0) this.progress.setStorageVersion(text);
    this.#options.onClusterVersion?.(text);
  }

  /**
   * Applies a change of members that raft has taken.
   *
   * @param change undefined for one that was refused or that only changes raft's configuration.
   */
  applyMembership(
    index: LogIndex,
    term: Term,
    change: MembershipChange | undefined,
    confState: ConfState,
  ): MembershipEffect | undefined {
    const effect = change === undefined ? undefined : this.membership.apply(change);
    this.progress.setConfState(confState);
    this.progress.advance(index, term);
    return effect;
  }
}

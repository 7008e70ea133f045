import { type KvErrorCode } from "@quorate/api";
import {
  compareIds,
  emptyBytes,
  hexId,
  invariant,
  type MemberId,
  parseHexId,
  toMemberId,
  utf8Decode,
  utf8Encode,
} from "@quorate/base";
import { ConfChangeType, type ConfState } from "@quorate/raft";
import { type MemberRecord, memberJson, type ParsedMember, parseMemberJson } from "./member-record.ts";
import type { Tables } from "./ports.ts";

/** What one change entry asks for, decoded. */
export interface MembershipChange {
  readonly type: ConfChangeType;
  readonly nodeId: MemberId;
  /** Absent for removals. */
  readonly member: ParsedMember | undefined;
}

/** What an applied change did, for the transport and for whoever waits. */
export type MembershipEffect =
  | { readonly kind: "added"; readonly member: MemberRecord }
  | { readonly kind: "promoted"; readonly member: MemberRecord }
  | { readonly kind: "updated"; readonly member: MemberRecord }
  | { readonly kind: "removed"; readonly id: MemberId };

const versionKey = utf8Encode("clusterVersion");
const removedMark = utf8Encode("removed");
const keyOf = (id: MemberId): Uint8Array => utf8Encode(hexId(id));

/**
 * Who belongs to the cluster: the `members`, `members_removed` and `cluster` buckets, mirrored in memory.
 *
 * Every member of the cluster judges changes at apply, on this state alone, so all come to the same answer.
 */
export class Membership {
  readonly #tables: Tables;
  readonly #members: Map<MemberId, MemberRecord> = new Map();
  readonly #removed: Set<MemberId> = new Set();
  readonly #learnersMax: number;
  #clusterVersion = "";

  /** @param learnersMax evaluated at apply, so all members of a cluster must be given the same. */
  constructor(tables: Tables, learnersMax: number) {
    this.#tables = tables;
    this.#learnersMax = learnersMax;
    this.load();
  }

  /** Reads everything again, as after the database was replaced. */
  load(): void {
    this.#members.clear();
    this.#removed.clear();
    this.#tables.members.range(emptyBytes, undefined, (_key, value) => {
      const { record } = parseMemberJson(value);
      this.#members.set(record.id, record);
      return true;
    });
    this.#tables.members_removed.range(emptyBytes, undefined, (key) => {
      const id = parseHexId(utf8Decode(key));
      if (id !== undefined) this.#removed.add(toMemberId(id));
      return true;
    });
    const version = this.#tables.cluster.get(versionKey);
    this.#clusterVersion = version === undefined ? "" : utf8Decode(version);
  }

  /** Members by ascending id. */
  list(): MemberRecord[] {
    return [...this.#members.values()].sort((a, b) => compareIds(a.id, b.id));
  }

  get(id: MemberId): MemberRecord | undefined {
    return this.#members.get(id);
  }

  isRemoved(id: MemberId): boolean {
    return this.#removed.has(id);
  }

  /** Ids of removed members by ascending id. */
  removed(): MemberId[] {
    return [...this.#removed].sort(compareIds);
  }

  /** As `3.6.0`; empty while undecided. */
  get clusterVersion(): string {
    return this.#clusterVersion;
  }

  setClusterVersion(text: string): void {
    this.#clusterVersion = text;
    this.#tables.cluster.put(versionKey, utf8Encode(text));
  }

  /**
   * Judges a change on the members as they are now.
   *
   * @returns the code of etcd's refusal, or undefined when the change may be applied.
   */
  validate(change: MembershipChange): KvErrorCode | undefined {
    const { nodeId, member } = change;
    if (this.#removed.has(nodeId)) return "memberNotFound";
    const present = this.#members.get(nodeId);
    switch (change.type) {
      case ConfChangeType.addNode:
      case ConfChangeType.addLearnerNode:
        if (member?.isPromote === true) {
          if (present === undefined) return "memberNotFound";
          return present.isLearner ? undefined : "memberNotLearner";
        }
        if (present !== undefined) return "memberExist";
        if (this.#urlTaken(member?.record.peerUrls ?? [], undefined)) return "peerUrlExist";
        if (change.type === ConfChangeType.addLearnerNode && this.#learners() + 1 > this.#learnersMax) {
          return "tooManyLearners";
        }
        return undefined;
      case ConfChangeType.removeNode:
        return present === undefined ? "memberNotFound" : undefined;
      case ConfChangeType.updateNode:
        if (present === undefined) return "memberNotFound";
        return this.#urlTaken(member?.record.peerUrls ?? [], nodeId) ? "peerUrlExist" : undefined;
    }
  }

  #learners(): number {
    let count = 0;
    for (const member of this.#members.values()) if (member.isLearner) count += 1;
    return count;
  }

  #urlTaken(urls: readonly string[], except: MemberId | undefined): boolean {
    for (const member of this.#members.values()) {
      if (member.id !== except && member.peerUrls.some((url) => urls.includes(url))) return true;
    }
    return false;
  }

  /** Applies a change that `validate` let pass. */
  apply(change: MembershipChange): MembershipEffect {
    if (change.type === ConfChangeType.removeNode) {
      this.#members.delete(change.nodeId);
      this.#removed.add(change.nodeId);
      this.#tables.members.delete(keyOf(change.nodeId));
      this.#tables.members_removed.put(keyOf(change.nodeId), removedMark);
      return { kind: "removed", id: change.nodeId };
    }
    const { member } = change;
    invariant(member !== undefined, "a change that is no removal carries a member");
    const present = this.#members.get(change.nodeId);
    if (change.type === ConfChangeType.updateNode) {
      invariant(present !== undefined, "an updated member is known", () => ({ id: change.nodeId }));
      return { kind: "updated", member: this.#save({ ...present, peerUrls: member.record.peerUrls }) };
    }
    if (member.isPromote) {
      invariant(present !== undefined, "a promoted member is known", () => ({ id: change.nodeId }));
      return { kind: "promoted", member: this.#save({ ...present, isLearner: false }) };
    }
    const isLearner = change.type === ConfChangeType.addLearnerNode;
    return { kind: "added", member: this.#save({ ...member.record, id: change.nodeId, isLearner }) };
  }

  /** Sets what a member published about itself. An update for a member that is gone is dropped. */
  setAttributes(id: MemberId, name: string, clientUrls: readonly string[]): MemberRecord | undefined {
    const present = this.#members.get(id);
    if (present === undefined) return undefined;
    return this.#save({ ...present, name, clientUrls: [...clientUrls] });
  }

  #save(member: MemberRecord): MemberRecord {
    this.#members.set(member.id, member);
    this.#tables.members.put(keyOf(member.id), utf8Encode(memberJson(member)));
    return member;
  }

  /** Takes over what the v2 store of a snapshot says, where it differs from the database that came with it. */
  replaceUnlessEqual(members: readonly MemberRecord[], removed: readonly MemberId[], clusterVersion: string): void {
    const same =
      members.length === this.#members.size &&
      members.every((member) => {
        const present = this.#members.get(member.id);
        return present !== undefined && memberJson(present) === memberJson(member);
      }) &&
      removed.every((id) => this.#removed.has(id)) &&
      (clusterVersion === "" || clusterVersion === this.#clusterVersion);
    if (!same) this.#replace(members, removed, clusterVersion);
  }

  #replace(members: readonly MemberRecord[], removed: readonly MemberId[], clusterVersion: string): void {
    for (const member of this.#members.values()) this.#tables.members.delete(keyOf(member.id));
    this.#members.clear();
    for (const member of members) {
      this.#save(member);
      // The database may know already of a removal that the log is yet to tell.
      if (this.#removed.delete(member.id)) this.#tables.members_removed.delete(keyOf(member.id));
    }
    for (const id of removed) {
      this.#removed.add(id);
      this.#tables.members_removed.put(keyOf(id), removedMark);
    }
    if (clusterVersion !== "" && clusterVersion !== this.#clusterVersion) this.setClusterVersion(clusterVersion);
  }

  /** The configuration that the members bucket implies: who is no learner votes. */
  confState(): ConfState {
    const voters: MemberId[] = [];
    const learners: MemberId[] = [];
    for (const member of this.list()) (member.isLearner ? learners : voters).push(member.id);
    return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  }
}

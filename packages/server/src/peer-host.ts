import { KvError } from "@quorate/api";
import type { ClusterId, MemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { PeerAnswer, PeerHost, SnapshotSink } from "@quorate/peer";
import type { Message } from "@quorate/raft";
import { memberJson } from "@quorate/state";
import { whenLinearizable } from "./services/cluster.ts";

/** The member behind the peer listener. The member is made after its transport, so it is asked for when it is needed. */
export class MemberPeerHost implements PeerHost {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly #peerUrls: readonly string[];
  readonly #member: () => Member;
  readonly #versionJson: () => string;

  constructor(parts: {
    readonly memberId: MemberId;
    readonly clusterId: ClusterId;
    readonly peerUrls: readonly string[];
    readonly member: () => Member;
    readonly versionJson: () => string;
  }) {
    this.memberId = parts.memberId;
    this.clusterId = parts.clusterId;
    this.#peerUrls = parts.peerUrls;
    this.#member = parts.member;
    this.#versionJson = parts.versionJson;
  }

  get serverVersion(): string {
    return this.#member().version;
  }

  peerUrls(): readonly string[] {
    const recorded = this.#member().machine.membership.get(this.memberId);
    return recorded === undefined || recorded.peerUrls.length === 0 ? this.#peerUrls : recorded.peerUrls;
  }

  isRemoved(id: MemberId): boolean {
    return this.#member().machine.membership.isRemoved(id);
  }

  step(message: Message): void {
    this.#member().step(message);
  }

  reportUnreachable(id: MemberId): void {
    this.#member().reportUnreachable(id);
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    this.#member().reportSnapshot(id, ok);
  }

  onRemovedFromCluster(): void {
    this.#member().stoppedByRemoval();
  }

  membersJson(): string {
    return this.#member().membersJson();
  }

  versionJson(): string {
    return this.#versionJson();
  }

  async promote(id: MemberId): Promise<PeerAnswer> {
    const member = this.#member();
    try {
      if (!member.isLeader) throw new KvError("notLeader");
      await member.changes.promoteAsLeader(id);
      const list = member.machine.membership.list();
      return { status: 200, body: `[${list.map(memberJson).join(",")}]\n`, contentType: "application/json" };
    } catch (error) {
      return promotionRefusal(error);
    }
  }

  async downgradeEnabled(): Promise<string> {
    await whenLinearizable(this.#member());
    return "false";
  }

  async hashKv(revision: number): Promise<PeerAnswer> {
    const member = this.#member();
    try {
      const { hash, compactRevision, hashRevision } = await member.storage.hashKv(revision);
      const header = `{"revision":${member.machine.store.revision}}`;
      const body = `{"header":${header},"hash":${hash},"compact_revision":${compactRevision},"hash_revision":${hashRevision}}`;
      return { status: 200, body, contentType: "application/json" };
    } catch (error) {
      if (error instanceof KvError) return { status: 400, body: error.message.replace(/^etcdserver: /, "") };
      throw error;
    }
  }

  receiveSnapshotDb(index: number): SnapshotSink {
    return this.#member().receiveDatabase(index);
  }
}

function promotionRefusal(error: unknown): PeerAnswer {
  if (error instanceof KvError) {
    if (error.code === "memberNotFound") return { status: 404, body: "membership: ID not found" };
    if (error.code === "memberNotLearner") {
      return { status: 412, body: "membership: can only promote a learner member" };
    }
    if (error.code === "learnerNotReady") return { status: 412, body: error.message };
    return { status: 500, body: JSON.stringify({ message: error.message }), contentType: "application/json" };
  }
  return { status: 500, body: JSON.stringify({ message: "Internal Server Error" }), contentType: "application/json" };
}

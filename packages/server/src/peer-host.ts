import { KvError } from "@quorate/api";
import type { ClusterId, MemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { PeerAnswer, PeerHost, SnapshotSink } from "@quorate/peer";
import type { Message } from "@quorate/raft";
import { memberJson } from "@quorate/state";
import type { ServerMetrics } from "./metrics/server-metrics.ts";
import { whenLinearizable } from "./services/cluster.ts";
import { timedHash } from "./services/maintenance.ts";
import { promoteHere, promotionText } from "./services/promotion.ts";

/** The member behind the peer listener. The member is made after its transport, so it is asked for when it is needed. */
export class MemberPeerHost implements PeerHost {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId;
  readonly #peerUrls: readonly string[];
  readonly #member: () => Member;
  readonly #metrics: ServerMetrics;
  readonly #versionJson: () => string;

  constructor(parts: {
    readonly memberId: MemberId;
    readonly clusterId: ClusterId;
    readonly peerUrls: readonly string[];
    readonly member: () => Member;
    readonly metrics: ServerMetrics;
    readonly versionJson: () => string;
  }) {
    this.memberId = parts.memberId;
    this.clusterId = parts.clusterId;
    this.#peerUrls = parts.peerUrls;
    this.#member = parts.member;
    this.#metrics = parts.metrics;
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

  reportGone(id: MemberId): void {
    this.#member().reportGone(id);
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    this.#metrics.snapshots.onSent(id, ok);
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
      await promoteHere(member, this.#metrics.requests, id);
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
      const { hash, compactRevision, hashRevision } = await timedHash(member, this.#metrics.requests, revision);
      const header = `{"revision":${member.machine.store.revision}}`;
      const body = `{"header":${header},"hash":${hash},"compact_revision":${compactRevision},"hash_revision":${hashRevision}}`;
      return { status: 200, body, contentType: "application/json" };
    } catch (error) {
      if (error instanceof KvError) return { status: 400, body: error.message.replace(/^etcdserver: /, "") };
      throw error;
    }
  }

  receiveSnapshotDb(index: number): SnapshotSink {
    const member = this.#member();
    return this.#metrics.snapshots.receiving(member.lead, member.receiveDatabase(index));
  }
}

function promotionRefusal(error: unknown): PeerAnswer {
  if (error instanceof KvError) {
    if (error.code === "memberNotFound") return { status: 404, body: promotionText(error) };
    if (error.code === "memberNotLearner" || error.code === "learnerNotReady") {
      return { status: 412, body: promotionText(error) };
    }
    return { status: 500, body: JSON.stringify({ message: error.message }), contentType: "application/json" };
  }
  return { status: 500, body: JSON.stringify({ message: "Internal Server Error" }), contentType: "application/json" };
}

import { KvError, type KvErrorCode } from "@quorate/api";
import { type Clock, hexId, type Logger, type MemberId, noMember, type Term } from "@quorate/base";
import type { Membership } from "@quorate/state";
import type { PeerLink } from "./options.ts";

/** What the tally needs from the member. */
export interface TallyHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly link: PeerLink;
  readonly localId: MemberId;
  readonly electionMs: number;
  readonly heartbeatMs: number;
  membership(): Membership;
  lead(): MemberId;
}

/** What a member counts and remembers of leaders and of failed proposals: for metrics, logs and the words of timeouts. */
export class Tally {
  leaderChanges = 0;
  proposalsFailed = 0;
  /** Heartbeats that a leader sent too late, one for each member it kept waiting. */
  lateHeartbeats = 0;
  readonly #host: TallyHost;
  #leaderElectedMs = 0;
  #toldLead: MemberId = noMember;
  /** When this member, as leader, was last asked for heartbeats; undefined while it does not lead. */
  #beatMs: number | undefined;

  constructor(host: TallyHost) {
    this.#host = host;
  }

  onLeadChanged(lead: MemberId, term: Term): void {
    this.#tellLead(lead, term);
    if (lead === noMember) return;
    this.leaderChanges += 1;
    this.#leaderElectedMs = this.#host.clock.nowMs();
  }

  /** Says who leads, in the words that scripts look for. */
  #tellLead(lead: MemberId, term: Term): void {
    const before = this.#toldLead;
    this.#toldLead = lead;
    let change = `lost leader ${hexId(before)}`;
    if (lead !== noMember) {
      change =
        before === noMember
          ? `elected leader ${hexId(lead)}`
          : `changed leader from ${hexId(before)} to ${hexId(lead)}`;
    }
    this.#host.logger.log("info", `raft.node: ${hexId(this.#host.localId)} ${change} at term ${term}`);
  }

  /** A leader sends its heartbeats now: those that come after twice their time are counted and told of. */
  onTick(): void {
    const { clock, heartbeatMs, localId, logger } = this.#host;
    const beforeMs = this.#beatMs;
    const nowMs = clock.nowMs();
    this.#beatMs = this.#host.lead() === localId ? nowMs : undefined;
    if (beforeMs === undefined || this.#beatMs === undefined) return;
    const exceededMs = nowMs - beforeMs - 2 * heartbeatMs;
    if (exceededMs <= 0) return;
    for (const { id } of this.#host.membership().list()) {
      if (id === localId) continue;
      this.lateHeartbeats += 1;
      logger.log("warn", "leader failed to send out heartbeat on time; took too long, leader is overloaded", {
        to: hexId(id),
        "heartbeat-interval": `${heartbeatMs}ms`,
        "expected-duration": `${2 * heartbeatMs}ms`,
        "exceeded-duration": `${exceededMs.toFixed(3)}ms`,
      });
    }
  }

  /** Counts a proposal that is turned away; returns why. */
  refusal(code: KvErrorCode, explanation?: string): KvError {
    this.proposalsFailed += 1;
    return new KvError(code, explanation === undefined ? {} : { explanation });
  }

  /** As `refusal`, for a proposal whose outcome this member cannot know any more. */
  swallowed(): KvError {
    return this.refusal(
      "timeout",
      "this member caught up by a snapshot, which may hold what was proposed: look before you ask again.",
    );
  }

  /** Counts a proposal whose time is over; returns which of etcd's reasons is the likely one. */
  timeout(startedMs: number): KvError {
    const { electionMs, link, localId } = this.#host;
    const elected = this.#leaderElectedMs;
    if (startedMs > elected - 2 * electionMs && startedMs < elected) return this.refusal("timeoutDueToLeaderFail");
    const lead = this.#host.lead();
    if (lead === noMember) return this.refusal("timeout");
    const since = (id: MemberId): number => (id === localId ? 1 : link.activeSince(id));
    if (lead === localId) {
      const members = this.#host.membership().list();
      const connected = members.filter((member) => since(member.id) > 0 && since(member.id) < startedMs).length;
      if (connected < Math.floor(members.length / 2) + 1) return this.refusal("timeoutDueToConnectionLost");
    } else {
      const active = since(lead);
      if (active === 0 || active > startedMs) return this.refusal("timeoutDueToConnectionLost");
    }
    return this.refusal("timeout");
  }
}

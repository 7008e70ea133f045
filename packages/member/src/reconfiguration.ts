import type { KvErrorCode } from "@quorate/api";
import type { MemberId } from "@quorate/base";
import type { MemberRecord } from "@quorate/state";

/**
 * The strict checks before a change of members is proposed: etcd's formulae on the contacted member's own view, with
 * one departure: a removal is judged by the members that would remain, and by them alone.
 */

/** A peer counts as connected once it has been reachable for this long. */
export const healthyAfterMs = 5000;

/** The contacted member's view. */
export interface ReconfigurationView {
  readonly local: MemberId;
  readonly members: readonly MemberRecord[];
  readonly nowMs: number;
  /** Since when a peer has been reachable; 0 when it is not. */
  activeSince(id: MemberId): number;
}

/** A refusal: etcd's error, and for the operator who is missing and what to do. */
export interface Refusal {
  readonly code: KvErrorCode;
  readonly explanation: string;
}

const quorumOf = (count: number): number => Math.floor(count / 2) + 1;
const voters = (members: readonly MemberRecord[]): MemberRecord[] => members.filter((member) => !member.isLearner);
const started = (members: readonly MemberRecord[]): MemberRecord[] => members.filter((member) => member.name !== "");

function isConnected(view: ReconfigurationView, id: MemberId): boolean {
  if (id === view.local) return true;
  const since = view.activeSince(id);
  return since > 0 && view.nowMs - since >= healthyAfterMs;
}

const label = (member: MemberRecord): string =>
  `${member.id.toString(16)}${member.name === "" ? "" : ` (${member.name})`}`;
const list = (members: readonly MemberRecord[]): string => members.map(label).join(", ");

function notEnoughStarted(action: string, have: number, need: number, missing: readonly MemberRecord[]): Refusal {
  return {
    code: "notEnoughStarted",
    explanation:
      `${action} would leave a cluster that needs ${need} started voters and has ${have}; not started: ` +
      `${list(missing) || "none"}. Start them or remove them first.`,
  };
}

function unhealthy(view: ReconfigurationView, action: string, judged: readonly MemberRecord[], need: number): Refusal {
  const missing = judged.filter((member) => !isConnected(view, member.id));
  return {
    code: "unhealthy",
    explanation:
      `${action} needs ${need} voters that this member has been connected to for ${healthyAfterMs / 1000} s, and ` +
      `${judged.length - missing.length} are; missing: ${list(missing)}. Repair them, or wait if they have just come back.`,
  };
}

/** Judges the addition of a voter or learner by the voters that would be. */
export function judgeAdd(view: ReconfigurationView, learner: boolean): Refusal | undefined {
  const now = voters(view.members);
  const startedNow = started(now);
  const sizeAfter = now.length + 1;
  if (!learner) {
    const need = quorumOf(sizeAfter);
    const firstGrowth = startedNow.length === 1 && sizeAfter === 2;
    if (!firstGrowth && startedNow.length < need) {
      return notEnoughStarted(
        "adding a voter",
        startedNow.length,
        need,
        now.filter((member) => member.name === ""),
      );
    }
  }
  if (now.length === 1) return undefined;
  const connected = now.filter((member) => isConnected(view, member.id));
  const need = quorumOf(sizeAfter);
  return connected.length >= need ? undefined : unhealthy(view, "adding a member", now, need);
}

/** Judges a removal where nothing else is judged: somebody must remain who votes, or nobody could ever change anything. */
export function judgeLastVoter(view: ReconfigurationView, id: MemberId): Refusal | undefined {
  const now = voters(view.members);
  return now.length === 1 && now[0]?.id === id ? notEnoughStarted("this removal", 0, 1, []) : undefined;
}

/** Judges a removal by the voters that would remain. A learner may always go. */
export function judgeRemove(view: ReconfigurationView, id: MemberId): Refusal | undefined {
  const target = view.members.find((member) => member.id === id);
  if (target?.isLearner === true) return undefined;
  const remaining = voters(view.members).filter((member) => member.id !== id);
  const startedRemaining = started(remaining);
  const need = quorumOf(remaining.length);
  if (startedRemaining.length < need) {
    const missing = remaining.filter((member) => member.name === "");
    return notEnoughStarted("this removal", startedRemaining.length, need, missing);
  }
  // A member that is down takes no part in the quorum: its removal cannot make things worse.
  if (id !== view.local && view.activeSince(id) === 0) return undefined;
  const connected = remaining.filter((member) => isConnected(view, member.id));
  return connected.length >= need ? undefined : unhealthy(view, "this removal", remaining, need);
}

/** Judges a promotion by the voters that would be; the learner counts as started. */
export function judgePromote(view: ReconfigurationView): Refusal | undefined {
  const now = voters(view.members);
  const startedAfter = started(now).length + 1;
  const need = quorumOf(now.length + 1);
  if (startedAfter >= need) return undefined;
  return notEnoughStarted(
    "this promotion",
    startedAfter,
    need,
    now.filter((member) => member.name === ""),
  );
}

/** A learner may vote once it has this share of the leader's log. */
export const learnerReadyShare = 0.9;

/**
 * Checks peer URLs of an addition or update as etcd does; spaces around them do not count.
 *
 * @returns the URLs sorted, or undefined when one is unusable.
 */
export function checkedPeerUrls(given: readonly string[]): string[] | undefined {
  if (given.length === 0) return undefined;
  const urls = given.map((url) => url.trim());
  for (const url of urls) {
    if (/^unixs?:\/\/[^\s]+$/.test(url)) continue;
    if (!/^https?:\/\/(\[[0-9A-Fa-f:.%]+\]|[^\s/?#:@[\]]+):\d{1,5}$/.test(url)) return undefined;
    if (Number(url.slice(url.lastIndexOf(":") + 1)) > 65_535) return undefined;
  }
  return urls.sort();
}

import { KvError } from "@quorate/api";
import { AbortError, type MemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { RequestMetrics } from "../metrics/requests.ts";

/** Why a learner was not promoted, in the words that etcd's members use among themselves. */
export function promotionText(error: unknown): string {
  if (error instanceof AbortError) return "context canceled";
  if (!(error instanceof KvError)) return String(error);
  if (error.code === "memberNotFound") return "membership: ID not found";
  if (error.code === "memberNotLearner") return "membership: can only promote a learner member";
  return error.message;
}

/** Promotes a learner while this member leads, and counts how it went. Rejects as `MembershipChanges` does. */
export async function promoteHere(
  member: Member,
  metrics: RequestMetrics,
  id: MemberId,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await member.changes.promoteAsLeader(id, signal);
    metrics.onPromotion(undefined);
  } catch (error) {
    metrics.onPromotion(promotionText(error));
    throw error;
  }
}

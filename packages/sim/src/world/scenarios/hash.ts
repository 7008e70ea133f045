import type { Member } from "@quorate/member";

/** HashKV of a member's newest revision, with what it covers. */
export function hashOf({ machine }: Member): string {
  const job = machine.store.hashByRev(0);
  if ("kind" in job) return job.kind;
  const result = job.step(Number.POSITIVE_INFINITY);
  return `${result?.revision} ${result?.compactRevision} ${result?.hash}`;
}

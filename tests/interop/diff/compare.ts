/** What of two answers must be equal, and how a difference is told. */
import type { Answer } from "./answers.ts";
import type { Request } from "./pair.ts";

/** Fields of a status that tell of the program and its disk; etcd finds its storage version some time after the start. */
const ownMatters: readonly string[] = [
  "version",
  "storageVersion",
  "dbSize",
  "dbSizeInUse",
  "raftIndex",
  "raftAppliedIndex",
];

/** Fields that 3.6 brought. */
const newer = ["hashRevision", "dbSizeQuota", "downgradeInfo"];

/** The part of an answer that both must agree on; `older`: with an etcd before 3.6. */
export function comparable(request: Request, answer: Answer, older = false): Answer {
  if (answer.body === undefined) return answer;
  const body = { ...(answer.body as Record<string, unknown>) };
  if (older) for (const name of newer) delete body[name];
  if (request.method === "etcdserverpb.Maintenance/Status") {
    for (const name of ownMatters) delete body[name];
    // In any order, and from 3.7 on with spaces that are not to be relied on.
    body["errors"] = (body["errors"] as string[]).map((text) => text.trim().replaceAll(/ +/g, " ")).toSorted();
  }
  if (request.method === "etcdserverpb.Maintenance/Alarm" && Array.isArray(body["alarms"])) {
    body["alarms"] = body["alarms"].map((alarm) => JSON.stringify(alarm)).sort();
  }
  // Members come by ascending id, and ids come from the time and from ports.
  if (Array.isArray(body["members"])) {
    body["members"] = (body["members"] as { id: string }[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
  return { ...answer, body };
}

/**
 * True for a hash that etcd took when it compacted, and kept: it counts from the compaction before. We take no hash of the
 * whole store at each compaction; asked for the same revision we count from the last compaction, or refuse.
 */
export function isKeptHash(request: Request, theirs: Answer, compacted: number): boolean {
  if (request.method !== "etcdserverpb.Maintenance/HashKV" || theirs.code !== 0) return false;
  return (theirs.body as { compactRevision: number }).compactRevision !== compacted;
}

/** Finds where two values differ; undefined when they do not. */
export function difference(theirs: unknown, ours: unknown, path = "answer"): string | undefined {
  if (Object.is(theirs, ours)) return undefined;
  const both = [theirs, ours];
  if (both.every((one) => typeof one === "object" && one !== null)) {
    const [left, right] = both as [Record<string, unknown>, Record<string, unknown>];
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const inner = difference(left[name], right[name], `${path}.${name}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  const shown = (one: unknown): string => (one === undefined ? "(absent)" : JSON.stringify(one));
  return `${path}\n    etcd: ${shown(theirs)}\n    ours: ${shown(ours)}`;
}

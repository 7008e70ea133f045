import type { OkResult, Operation, SeenKeyValue } from "./operation.ts";
import { eachSeen, eachStep, hasWritten } from "./requests.ts";

/** What answers tell of the revisions that no answered write has made. */
export interface Evidence {
  /** What was seen of the key-values that such a revision made. */
  readonly seen: ReadonlyMap<number, readonly SeenKeyValue[]>;
  /** For a key the spans `[from, to]` of revisions that did not touch it, merged and ascending. */
  readonly quiet: ReadonlyMap<string, readonly Span[]>;
  /** By revision less the first: until when it was made, at the latest. */
  readonly deadlines: Float64Array;
}

interface Span {
  readonly from: number;
  to: number;
}

function merge(spans: Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const before = merged.at(-1);
    if (before === undefined || span.from > before.to) merged.push(span);
    else before.to = Math.max(before.to, span.to);
  }
  return merged;
}

/** The revision of the state in which an answer saw its key-values. */
function stateOf({ request, result }: Operation): number {
  const { revision, response } = result as OkResult;
  if (request.kind === "range" && (request.revision ?? 0) > 0) return request.revision as number;
  return hasWritten(response) ? revision - 1 : revision;
}

/** Reads all answers for what they tell of the revisions between `first` and the end of `owners` that have no owner. */
export function gather(operations: readonly Operation[], owners: Int32Array, first: number): Evidence {
  const seen = new Map<number, SeenKeyValue[]>();
  const quiet = new Map<string, Span[]>();
  const deadlines = new Float64Array(owners.length).fill(Number.POSITIVE_INFINITY);
  const whole = !owners.subarray(1).includes(-1);
  for (const operation of operations) {
    if (whole || operation.result.status !== "ok") continue;
    const { response, revision } = operation.result;
    const slot = Math.min(revision - first, owners.length - 1);
    deadlines[slot] = Math.min(deadlines[slot] as number, operation.return);
    const state = stateOf(operation);
    eachSeen(operation.request, response, (kv, values) => {
      const { modRevision } = kv;
      if (modRevision === undefined) return;
      if (state > modRevision) {
        const spans = quiet.get(kv.key) ?? [];
        if (spans.length === 0) quiet.set(kv.key, spans);
        spans.push({ from: modRevision + 1, to: state });
      }
      if (modRevision <= first || owners[modRevision - first] !== -1) return;
      const seenThere = seen.get(modRevision) ?? [];
      if (seenThere.length === 0) seen.set(modRevision, seenThere);
      if (values) seenThere.push(kv);
      else seenThere.push({ key: kv.key });
    });
  }
  for (let i = deadlines.length - 2; i >= 0; i--) {
    deadlines[i] = Math.min(deadlines[i] as number, deadlines[i + 1] as number);
  }
  return { seen, quiet: new Map([...quiet].map(([key, spans]) => [key, merge(spans)])), deadlines };
}

/** Whether some branch of a write puts what was seen. */
function couldPut({ request }: Operation, seen: SeenKeyValue): boolean {
  let could = false;
  eachStep(request, (step) => {
    if (step.kind !== "put" || step.key !== seen.key) return;
    could ||= seen.value === undefined || step.ignoreValue === true || step.value === seen.value;
  });
  return could;
}

/** Whether a revision is known not to have touched the only key that a write touches. */
function isQuiet({ request }: Operation, quiet: Evidence["quiet"], revision: number): boolean {
  if (request.kind !== "put" && request.kind !== "delete") return false;
  if (request.kind === "delete" && request.rangeEnd !== undefined && request.rangeEnd !== "") return false;
  const spans = quiet.get(request.key) ?? [];
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle] as Span).to < revision) low = middle + 1;
    else high = middle;
  }
  return ((spans[low] as Span | undefined)?.from ?? Number.POSITIVE_INFINITY) <= revision;
}

/**
 * Finds, for each revision without an owner, the unknown writes that can have made it.
 *
 * Where there is only one, it becomes the owner in `owners` and is taken from the other revisions.
 *
 * @returns the revisions that are left, each with its candidates; none means that nobody can have made it.
 */
export function possibleWrites(
  operations: readonly Operation[],
  doubtful: readonly number[],
  evidence: Evidence,
  owners: Int32Array,
  first: number,
): Map<number, number[]> {
  const candidates = new Map<number, number[]>();
  for (let slot = 1; slot < owners.length; slot++) {
    if (owners[slot] !== -1) continue;
    const revision = first + slot;
    const seen = evidence.seen.get(revision) ?? [];
    const able = doubtful.filter((place) => {
      const operation = operations[place] as Operation;
      if (operation.invoke > (evidence.deadlines[slot] as number)) return false;
      return seen.every((kv) => couldPut(operation, kv)) && !isQuiet(operation, evidence.quiet, revision);
    });
    candidates.set(revision, able);
    if (able.length === 0) return candidates;
  }
  const settled = [...candidates.keys()].filter((revision) => candidates.get(revision)?.length === 1);
  for (let revision = settled.pop(); revision !== undefined; revision = settled.pop()) {
    const owner = candidates.get(revision)?.[0];
    if (owner === undefined) continue; // Taken by another revision meanwhile; the caller sees that nobody is left.
    owners[revision - first] = owner;
    candidates.delete(revision);
    for (const [other, places] of candidates) {
      const at = places.indexOf(owner);
      if (at < 0) continue;
      places.splice(at, 1);
      if (places.length === 1) settled.push(other);
    }
  }
  return candidates;
}

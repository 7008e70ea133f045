import type { Operation } from "./operation.ts";
import { partition } from "./partition.ts";
import { earliest, latest, type Prepared, violation } from "./prepare.ts";
import { madeBy, RevisionModel, StoreModel } from "./search-models.ts";
import type { Verdict } from "./verdict.ts";
import { type SearchModel, searchOrder } from "./wing-gong.ts";

/** No more operations than these are shown of a place where no order was found. */
const stuckMax = 12;

interface Search {
  readonly what: string;
  readonly items: readonly number[];
  readonly model: SearchModel;
}

/** Every operation that has an answer to judge, or is known to have made a revision. */
function settled({ operations, reads }: Prepared, made: ReadonlyMap<number, number>): number[] {
  const places = [...made.keys(), ...reads];
  return places.filter((place) => operations[place]?.request.kind !== "compact").sort((a, b) => a - b);
}

/**
 * Splits a history into searches that hold together exactly when the whole does.
 *
 * If it is known who made each revision, then each group of keys stands for itself, and revisions and compactions for
 * themselves: an order of each that respects the same revisions can be merged with the others by revision. If unknown
 * writes could have made revisions in several ways, the way is a matter of all keys, and there is one search.
 */
function searchesOf(history: Prepared, made: ReadonlyMap<number, number>): Search[] {
  const known = settled(history, made);
  const { operations, compactions, doubtfulCompactions, refused, candidates, start } = history;
  const about = [...compactions, ...doubtfulCompactions, ...refused];
  const revokes = [...made.keys()].some((place) => operations[place]?.request.kind === "revoke");
  if (candidates.size > 0 || revokes) {
    const doubtful = new Set([...candidates.values()].flat().filter((place) => !made.has(place)));
    const items = [...known, ...about, ...doubtful];
    return [{ what: "the store", items, model: new StoreModel(history, items, "all", made) }];
  }
  const all = [...known, ...about];
  const parts = partition(operations, known, start).map((part): Search => {
    const model = new StoreModel(history, part.places, "own", made, part.start);
    return { what: "the keys that they touch", items: part.places, model };
  });
  return [...parts, { what: "revisions", items: all, model: new RevisionModel(history, all, made) }];
}

/**
 * The begin of an operation for the search: a serializable read waits in vain until the revision that it shows can have
 * been made, so it need not be asked before.
 */
function begin(history: Prepared, place: number): number {
  const operation = history.operations[place] as Operation;
  const time = earliest(operation);
  if (time !== Number.NEGATIVE_INFINITY || operation.result.status !== "ok") return time;
  const maker = history.owners[operation.result.revision - history.start.revision] as number;
  return maker < 0 ? time : (history.operations[maker] as Operation).invoke;
}

/**
 * The order in which to try operations that may come next: by revision, for an answer that shows an earlier one than
 * others must come before them. Refusals are tried at once and unknown results last.
 */
function ranksOf(history: Prepared, places: readonly number[], made: ReadonlyMap<number, number>): Int32Array {
  const hints = places.map((place) => {
    const { request, result } = history.operations[place] as Operation;
    const revision = made.get(place);
    if (revision !== undefined) return 3 * revision;
    if (result.status === "failed") return 0;
    if (result.status === "unknown") return Number.MAX_SAFE_INTEGER;
    return 3 * result.revision + (request.kind === "compact" ? 2 : 1);
  });
  const order = places.map((_, item) => item).sort((a, b) => (hints[a] as number) - (hints[b] as number) || a - b);
  const ranks = new Int32Array(places.length);
  for (const [rank, item] of order.entries()) ranks[item] = rank;
  return ranks;
}

/**
 * The second judge: a search for an order, which believes in time and lets the model say what fits.
 *
 * @param stepsMax how often models may be asked in all before the verdict is unknown.
 */
export function judgeBySearch(history: Prepared, stepsMax: number): Verdict {
  const { operations } = history;
  const made = madeBy(history);
  for (const { what, items, model } of searchesOf(history, made)) {
    const at = (item: number): Operation => operations[items[item] as number] as Operation;
    const times = {
      invokes: new Float64Array(items.length).map((_, item) => begin(history, items[item] as number)),
      returns: new Float64Array(items.length).map((_, item) => latest(at(item))),
      ranks: ranksOf(history, items, made),
      required: new Uint8Array(items.length).map((_, item) => {
        return at(item).result.status !== "unknown" || made.has(items[item] as number) ? 1 : 0;
      }),
    };
    const outcome = searchOrder(model, times, stepsMax);
    if (outcome.found === "bound") return { outcome: "unknown", reason: `gave up after ${stepsMax} steps of search` };
    if (outcome.found === "nothing") {
      const stuck = outcome.stuck.slice(0, stuckMax).map((item) => items[item] as number);
      const reason = `no order of these operations, after those before them, agrees with ${what}`;
      return { outcome: "not-linearizable", violation: violation("no-order", stuck, reason) };
    }
  }
  return { outcome: "linearizable" };
}

import type { LogIndex } from "@quorate/base";
import { parseRaftRequest } from "@quorate/state";
import { execute } from "../history/execute.ts";
import { checkHistory, type History, type HistoryResponse, type Operation } from "../history/index.ts";
import { ModelStore } from "../history/model-store.ts";
import { canWrite, hasWritten } from "../history/requests.ts";
import { isChange, type Ledger } from "./ledger.ts";
import { markOf } from "./marks.ts";
import type { Model } from "./model.ts";
import { check, Violation } from "./violation.ts";

/** What the log says of an operation that was committed. */
interface Effect {
  readonly index: LogIndex;
  /** Of the store after it. */
  readonly revision: number;
  /** It changed keys, or compacted. */
  readonly changed: boolean;
}

/** Operations by their place in the history, in the order of the log. */
type Effects = ReadonlyMap<number, Effect>;

/** Finds the operations of the clients in the committed log. Each is there once at most (G2). */
function effectsOf({ operations }: History, ledger: Ledger, model: Model): Effects {
  const effects = new Map<number, Effect>();
  for (let index = 1; index <= ledger.commit; index++) {
    const entry = ledger.committed(index);
    if (entry === undefined || isChange(entry) || entry.data.length === 0) continue;
    const place = markOf(parseRaftRequest(entry.data).body);
    if (place === undefined || operations[place] === undefined) continue;
    const other = effects.get(place);
    check(other === undefined, "G2", () => `operation ${place} is in the log twice, at ${other?.index} and ${index}`);
    const revision = model.revisionAt(index);
    const changed =
      revision > model.revisionAt(index - 1) || model.compactRevisionAt(index) > model.compactRevisionAt(index - 1);
    effects.set(place, { index, revision, changed });
  }
  return effects;
}

/** What was acknowledged is in the log, and made the revision that the answer showed (G2). */
function checkAnswered({ operations }: History, effects: Effects): void {
  for (const [place, { request, result }] of operations.entries()) {
    if (result.status !== "ok" || !canWrite(request)) continue;
    const effect = effects.get(place);
    const { kind } = request;
    check(effect !== undefined, "G2", () => `the acknowledged ${kind} ${place} is not in the committed log`);
    check(
      effect.revision === result.revision || !hasWritten(result.response),
      "G2",
      () => `the ${kind} ${place} was answered at revision ${result.revision}, and made ${effect.revision}`,
    );
  }
}

/** The answers that nobody got: all operations once more, in the order of the log. */
function answersOf({ operations }: History, effects: Effects): Map<number, HistoryResponse> {
  const store = new ModelStore({ revision: 1, compactRevision: -1, kvs: [] }, false);
  const answers = new Map<number, HistoryResponse>();
  for (const [place, { index, revision }] of effects) {
    const answer = execute(store, (operations[place] as Operation).request);
    check(
      store.revision === revision,
      "G2",
      () => `entry ${index} made revision ${revision}, and by the rules it makes ${store.revision}`,
    );
    if (typeof answer !== "string") answers.set(place, answer);
  }
  return answers;
}

/**
 * Tells what became of operations without an answer: the log knows. Those that it does not hold were never done, and can
 * be done no more; nobody saw whether those that it holds changed nothing. The others count as answered at no time in
 * particular: their clients have not waited.
 */
export function resolve(history: History, ledger: Ledger, model: Model): History {
  const effects = effectsOf(history, ledger, model);
  checkAnswered(history, effects);
  const answers = answersOf(history, effects);
  const operations = history.operations.map((operation, place): Operation => {
    if (operation.result.status !== "unknown") return operation;
    const effect = effects.get(place);
    const response = answers.get(place);
    if (effect === undefined || !effect.changed || response === undefined) {
      return { ...operation, result: { status: "failed", error: "it changed nothing" } };
    }
    const { revision } = effect;
    return { ...operation, return: Number.MAX_SAFE_INTEGER, result: { status: "ok", revision, response } };
  });
  return { ...history, operations };
}

/**
 * G1: the clients' history is strictly serializable. Of the log the judge learns only what became of operations without an
 * answer, as etcd's robustness tests learn it from theirs; what clients were told it judges by itself.
 */
export function judge(history: History, ledger: Ledger, model: Model): void {
  const verdict = checkHistory(resolve(history, ledger, model), { judge: "revision" });
  if (verdict.outcome === "not-linearizable") throw new Violation("G1", verdict.violation.reason);
  if (verdict.outcome === "unknown") throw new Violation("G1", `nobody can tell: ${verdict.reason}`);
}

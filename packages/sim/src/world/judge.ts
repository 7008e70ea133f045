import { checkHistory, type History, type HistoryRequest, type Operation, type TxnStep } from "../history/index.ts";
import type { Model } from "./model.ts";
import { Violation } from "./violation.ts";

/** Writes without an answer that a judge is to sort out; with more of them it could search forever. */
const unknownsMost = 12;
const stepsMost = 300_000;

/** The values that a request may write. No two requests write the same. */
function valuesOf(request: HistoryRequest | TxnStep): string[] {
  if (request.kind === "put") return [request.value];
  if (request.kind !== "txn") return [];
  return [...request.success, ...request.failure].flatMap(valuesOf);
}

/** True when the committed log shows that a write without an answer had no effect, and it can have none any more. */
function hadNoEffect({ request, result }: Operation, model: Model): boolean {
  if (result.status !== "unknown") return false;
  if (request.kind === "range") return true;
  const values = valuesOf(request);
  return values.length > 0 && values.every((value) => !model.values.has(value));
}

/** Sorts out what became of operations without an answer, as far as the committed log tells. */
export function resolve(history: History, model: Model): History {
  const operations = history.operations.map(
    (operation): Operation =>
      hadNoEffect(operation, model)
        ? { ...operation, result: { status: "failed", error: "never committed" } }
        : operation,
  );
  return { ...history, operations };
}

/**
 * G1: the clients' history is strictly serializable. The judge knows nothing of the log or the members, so it does not
 * share their errors.
 *
 * @returns whether the history could be judged: with too many writes without an answer it is left to the other checks.
 */
export function judge(history: History, model: Model): boolean {
  const resolved = resolve(history, model);
  let unknowns = 0;
  for (const { result } of resolved.operations) if (result.status === "unknown") unknowns += 1;
  if (unknowns > unknownsMost) return false;
  const verdict = checkHistory(resolved, { judge: "revision", stepsMax: stepsMost });
  if (verdict.outcome === "not-linearizable") throw new Violation("G1", verdict.violation.reason);
  return verdict.outcome === "linearizable";
}

import { invariant } from "@quorate/base";
import type { History, HistoryRequest, HistoryStart, Operation, OperationResult } from "./operation.ts";

/** Returned by {@link HistoryRecorder.invoke}: the operation's place in the history. */
export type OperationId = number;

interface Recorded {
  readonly client: string | number;
  readonly invoke: number;
  readonly request: HistoryRequest;
  return: number;
  result: OperationResult;
}

/**
 * Collects a history while it happens.
 *
 * ```ts
 * const id = recorder.invoke("client 3", clock.now(), request);
 * recorder.finish(id, clock.now(), { status: "ok", revision, response });
 * ```
 *
 * An operation that is never finished has an unknown result.
 */
export class HistoryRecorder {
  readonly #start: HistoryStart | undefined;
  readonly #operations: Recorded[] = [];
  #open = 0;

  constructor(start?: HistoryStart) {
    this.#start = start;
  }

  /** How many operations were begun. */
  get size(): number {
    return this.#operations.length;
  }

  /** How many of them have no result yet. */
  get open(): number {
    return this.#open;
  }

  /** Notes the begin of an operation, just before it is sent. */
  invoke(client: string | number, now: number, request: HistoryRequest): OperationId {
    this.#operations.push({ client, invoke: now, request, return: -1, result: { status: "unknown" } });
    this.#open += 1;
    return this.#operations.length - 1;
  }

  /** Notes the result of an operation, just after it came. */
  finish(id: OperationId, now: number, result: OperationResult): void {
    const operation = this.#operations[id];
    invariant(operation !== undefined, "the operation was not begun here", () => ({ id }));
    invariant(operation.return === -1, "the operation is finished already", () => ({ id }));
    invariant(now >= operation.invoke, "time ran backwards", () => ({ id, now, invoke: operation.invoke }));
    operation.return = now;
    operation.result = result;
    this.#open -= 1;
  }

  /** The history so far, as a copy; what is not finished has an unknown result. */
  history(): History {
    const operations: Operation[] = this.#operations.map((operation) => ({
      ...operation,
      return: Math.max(operation.return, operation.invoke),
    }));
    return this.#start === undefined ? { operations } : { start: this.#start, operations };
  }
}

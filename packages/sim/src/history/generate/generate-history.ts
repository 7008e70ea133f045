import { SeededRandom } from "@quorate/base";
import { execute } from "../execute.ts";
import { ModelStore } from "../model-store.ts";
import type { History, HistoryRequest, Operation, OperationResult } from "../operation.ts";
import { isSerializable } from "../requests.ts";
import { type RequestOptions, RequestSource } from "./requests.ts";

export interface GenerateOptions extends RequestOptions {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  /** Of 100 operations, how many end without a result. */
  readonly unknownPercent: number;
}

/** A request under way. */
interface Pending {
  readonly client: number;
  readonly invoke: number;
  readonly request: HistoryRequest;
  /** Whether its client will hear of it. */
  readonly unknown: boolean;
  result?: OperationResult;
}

/**
 * A store and clients that race: requests begin, take effect and end at random moments of one clock, so that the history
 * is linearizable. An operation with an unknown result takes effect at once, much later, or never.
 */
class Race {
  readonly #random: SeededRandom;
  readonly #options: GenerateOptions;
  readonly #source: RequestSource;
  readonly #store: ModelStore = new ModelStore({ revision: 1, compactRevision: -1, kvs: [] }, false);
  readonly #pending: Pending[] = [];
  /** Unknown operations that nobody waits for any more and that may still take effect. */
  readonly #adrift: Pending[] = [];
  readonly #done: Operation[] = [];
  #now = 1000;
  #known = 1;

  constructor(options: GenerateOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#source = new RequestSource(this.#random, options);
  }

  run(): Operation[] {
    let begun = 0;
    while (this.#done.length < this.#options.operations) {
      // Now and then two things happen at one moment of the clock.
      if (this.#random.below(8) > 0) this.#now += 1 + this.#random.below(5);
      if (this.#adrift.length > 0 && this.#random.below(12) === 0) this.#takeEffect(this.#takeOne(this.#adrift));
      const client = this.#random.below(this.#options.clients);
      const at = this.#pending.findIndex((pending) => pending.client === client);
      const pending = this.#pending[at];
      if (pending === undefined) {
        if (begun < this.#options.operations) this.#begin(client);
        else this.#now += 1;
        begun = this.#done.length + this.#pending.length;
      } else if (pending.result === undefined && !(pending.unknown && this.#random.below(2) === 0)) {
        this.#takeEffect(pending);
      } else {
        this.#pending.splice(at, 1);
        this.#end(pending);
      }
    }
    return this.#done;
  }

  #takeOne(from: Pending[]): Pending {
    return from.splice(this.#random.below(from.length), 1)[0] as Pending;
  }

  #begin(client: number): void {
    const request = this.#source.next(this.#known);
    const unknown = request.kind === "revoke" || this.#random.below(100) < this.#options.unknownPercent;
    this.#pending.push({ client, invoke: this.#now, request, unknown });
  }

  #takeEffect(pending: Pending): void {
    const { request } = pending;
    const behind = request.kind === "range" && isSerializable(request) && (request.revision ?? 0) === 0;
    const floor = Math.max(1, this.#store.compactRevision);
    const seen = behind ? Math.max(floor, this.#store.revision - this.#random.below(3)) : 0;
    const response = execute(this.#store, behind ? { ...request, revision: seen } : request);
    const revision = behind ? seen : this.#store.revision;
    pending.result =
      typeof response === "string" ? { status: "failed", error: response } : { status: "ok", revision, response };
  }

  #end({ client, invoke, request, unknown, result }: Pending): void {
    if (unknown && result === undefined) this.#adrift.push({ client, invoke, request, unknown });
    const told: OperationResult = unknown || result === undefined ? { status: "unknown" } : result;
    if (told.status === "ok") this.#known = Math.max(this.#known, told.revision);
    this.#done.push({ client, invoke, return: this.#now, request, result: told });
  }
}

/** Makes a random history that is linearizable, the same for the same options on every machine. */
export function generateHistory(options: GenerateOptions): History {
  return { operations: new Race(options).run() };
}

import type { Random } from "@quorate/base";
import type {
  Compare,
  CompareResult,
  DeleteRequest,
  HistoryRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
  TxnStep,
} from "../operation.ts";

/** What random requests are drawn from. */
export interface RequestOptions {
  readonly keys: number;
  /** Whether to compact, and to read earlier revisions. */
  readonly past: boolean;
  /** Whether to bind keys to leases and end those. */
  readonly leases: boolean;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

function chance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}

/** Draws requests that look like a client's: on few keys, often on the same. */
export class RequestSource {
  readonly #random: Random;
  readonly #options: RequestOptions;
  #values = 0;

  constructor(random: Random, options: RequestOptions) {
    this.#random = random;
    this.#options = options;
  }

  #key(): string {
    return `k${this.#random.below(this.#options.keys)}`;
  }

  /** Mostly one key, else a few, all, or all from one on. */
  #range(): { readonly key: string; readonly rangeEnd?: string } {
    const key = this.#key();
    switch (this.#random.below(8)) {
      case 0:
        return { key: "k", rangeEnd: "l" };
      case 1:
        return { key, rangeEnd: `k${this.#options.keys}` };
      case 2:
        return { key, rangeEnd: "\0" };
      default:
        return { key };
    }
  }

  #put(key = this.#key()): PutRequest {
    const random = this.#random;
    this.#values += 1;
    // Values mostly tell writes apart; sometimes they do not.
    const value = chance(random, 20) ? "same" : `v${this.#values}`;
    const lease = this.#options.leases && chance(random, 40) ? { lease: String(1 + random.below(2)) } : {};
    const prevKv = chance(random, 40) ? { prevKv: true } : {};
    if (chance(random, 5)) return { kind: "put", key, value: "", ignoreValue: true, ...lease, ...prevKv };
    if (chance(random, 5)) return { kind: "put", key, value, ignoreLease: true, ...prevKv };
    return { kind: "put", key, value, ...lease, ...prevKv };
  }

  #read(): RangeRequest {
    const random = this.#random;
    const option = pick(random, [{}, {}, {}, {}, { limit: 1 }, { limit: 2 }, { countOnly: true }, { keysOnly: true }]);
    return { kind: "range", ...this.#range(), ...option };
  }

  #delete(): DeleteRequest {
    return { kind: "delete", ...this.#range(), ...(chance(this.#random, 50) ? { prevKv: true } : {}) };
  }

  #compare(revision: number): Compare {
    const random = this.#random;
    const result: CompareResult = pick(random, ["=", "=", "!=", ">", "<"]);
    const range = chance(random, 80) ? { key: this.#key() } : this.#range();
    switch (pick(random, ["version", "create", "mod", "value", "lease"] as const)) {
      case "version":
        return { ...range, target: "version", result, value: random.below(3) };
      case "create":
        return { ...range, target: "create", result, value: random.below(2) * random.below(revision + 1) };
      case "mod":
        return { ...range, target: "mod", result, value: random.below(revision + 1) };
      case "value":
        return { ...range, target: "value", result, value: `v${random.below(this.#values + 1)}` };
      case "lease":
        return { ...range, target: "lease", result, value: String(random.below(3)) };
    }
  }

  /** Steps that put no key twice and delete none that they put: etcd refuses those. */
  #steps(revision: number, depth: number, free: string[]): TxnStep[] {
    const random = this.#random;
    const steps: TxnStep[] = [];
    for (let i = random.below(4); i > 0; i--) {
      const kind = random.below(10);
      const key = free.splice(random.below(Math.max(1, free.length)), 1)[0];
      if (kind < 5 && key !== undefined) steps.push(this.#put(key));
      else if (kind < 6 && key !== undefined) steps.push({ kind: "delete", key });
      else if (kind < 7 && depth < 2) steps.push(this.#txn(revision, depth + 1, free));
      else steps.push(this.#read());
    }
    return steps;
  }

  #txn(revision: number, depth = 0, keys?: string[]): TxnRequest {
    const all = (): string[] => Array.from({ length: this.#options.keys }, (_, i) => `k${i}`);
    const compares = Array.from({ length: this.#random.below(3) }, () => this.#compare(revision));
    return {
      kind: "txn",
      compares,
      success: this.#steps(revision, depth, keys ?? all()),
      failure: this.#steps(revision, depth, keys ?? all()),
    };
  }

  /** @param revision the newest that the client knows of. */
  next(revision: number): HistoryRequest {
    const random = this.#random;
    const { past, leases } = this.#options;
    const kind = random.below(100);
    if (kind < 32) return this.#put();
    if (kind < 60) return this.#read();
    if (kind < 65) return { ...this.#read(), serializable: true };
    if (kind < 74) return this.#delete();
    if (kind < 90) return this.#txn(revision);
    if (leases && kind < 92) return { kind: "revoke", lease: String(1 + random.below(2)) };
    if (past && kind < 94) return { kind: "compact", revision: Math.max(1, revision - random.below(3)) };
    if (past) return { ...this.#read(), revision: Math.max(1, revision + 1 - random.below(7)) };
    return this.#read();
  }
}

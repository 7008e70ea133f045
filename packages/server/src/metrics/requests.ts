import { exponentialBounds, Histogram, type MetricsWriter } from "./exposition.ts";

/** Versions counted by name; a client may invent them. */
const versionsMax = 100;

interface Count {
  count: number;
}

/** Counts requests by the version that their client says it has, and times some of what they ask for. */
export class RequestMetrics {
  /** By version. */
  readonly #unary: Map<string, Count> = new Map();
  #lastVersion = "";
  #last: Count = { count: 0 };
  readonly #ranges: Histogram = new Histogram(exponentialBounds(0.0001, 2, 20));
  readonly #failedRanges: Histogram = new Histogram(exponentialBounds(0.0001, 2, 20));
  readonly #hashes: Histogram = new Histogram(exponentialBounds(0.01, 2, 15));
  #promoted = 0;
  readonly #refusedPromotions: Map<string, number> = new Map();

  /** @param version as the client sent it: a character per byte, which are UTF-8. */
  onUnary(version = "unknown"): void {
    // Nearly all requests come from clients of one version.
    if (version !== this.#lastVersion) this.#turnTo(version);
    this.#last.count += 1;
  }

  #turnTo(version: string): void {
    const name = this.#unary.has(version) || this.#unary.size < versionsMax ? version : "unknown";
    let found = this.#unary.get(name);
    if (found === undefined) {
      found = { count: 0 };
      this.#unary.set(name, found);
    }
    this.#lastVersion = version;
    this.#last = found;
  }

  onRange(ms: number, ok: boolean): void {
    (ok ? this.#ranges : this.#failedRanges).observe(ms / 1000);
  }

  onHash(ms: number): void {
    this.#hashes.observe(ms / 1000);
  }

  /** @param refusal why a learner was not promoted, in etcd's words; undefined when it was. */
  onPromotion(refusal: string | undefined): void {
    if (refusal === undefined) this.#promoted += 1;
    else this.#refusedPromotions.set(refusal, (this.#refusedPromotions.get(refusal) ?? 0) + 1);
  }

  write(w: MetricsWriter): void {
    w.metric(
      "etcd_server_client_requests_total",
      "counter",
      "The total number of client requests per client version.",
      [...this.#unary].map(([version, { count }]) => [
        { type: "unary", client_api_version: Buffer.from(version, "latin1").toString() },
        count,
      ]),
    );
    const ranges = [
      ["true", this.#ranges],
      ["false", this.#failedRanges],
    ] as const;
    w.histogram(
      "etcd_server_range_duration_seconds",
      "The latency distributions of txn.Range",
      ranges.filter(([, { count }]) => count > 0).map(([success, histogram]) => [{ success }, histogram]),
    );
    w.histogram(
      "etcd_mvcc_hash_rev_duration_seconds",
      "The latency distribution of storage hash by revision operation.",
      [[{}, this.#hashes]],
    );
    w.counter(
      "etcd_server_learner_promote_successes",
      "The total number of successful learner promotions while this member is leader.",
      this.#promoted,
    );
    w.metric(
      "etcd_server_learner_promote_failures",
      "counter",
      "The total number of failed learner promotions (likely learner not ready) while this member is leader.",
      [...this.#refusedPromotions].map(([reason, count]) => [{ Reason: reason }, count]),
    );
  }
}

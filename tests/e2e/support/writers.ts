import { pause } from "../../support/index.ts";
import { KvClient } from "./kv-client.ts";

/** A key that a member said it has stored. */
export interface Acknowledged {
  readonly key: string;
  readonly value: string;
  /** When the answer came, by `performance.now`. */
  readonly atMs: number;
}

/** How long a single try may take: longer than an election, so that not every writer starts again because of one. */
const tryMs = 2_500;

/**
 * Writers that put one fresh key after the other and, when a member fails them, try the same key at the next member.
 * Whatever a member acknowledged is remembered.
 */
export class Writers {
  readonly acknowledged: Acknowledged[] = [];
  readonly #clients: KvClient[];
  readonly #running: Promise<void>[];
  readonly #prefix: string;
  #stopped = false;

  constructor(endpoints: readonly string[], prefix: string, count = 8) {
    this.#prefix = prefix;
    this.#clients = endpoints.map((url) => new KvClient(url));
    this.#running = Array.from({ length: count }, (_, worker) => this.#write(worker));
  }

  async #write(worker: number): Promise<void> {
    let at = worker;
    for (let i = 0; !this.#stopped; i++) {
      const key = `${this.#prefix}${worker}/${String(i).padStart(8, "0")}`;
      const value = `${worker}:${i}`;
      while (!this.#stopped) {
        const client = this.#clients[at % this.#clients.length] as KvClient;
        try {
          await client.put(key, value, tryMs);
          this.acknowledged.push({ key, value, atMs: performance.now() });
          break;
        } catch {
          at += 1;
          await pause(20);
        }
      }
    }
  }

  /** How many were acknowledged so far. */
  get count(): number {
    return this.acknowledged.length;
  }

  /** The longest time without any acknowledgement that ended after `sinceMs`. */
  longestGapMs(sinceMs: number): number {
    let longest = 0;
    let last: number | undefined;
    for (const { atMs } of this.acknowledged) {
      if (last !== undefined && atMs > sinceMs) longest = Math.max(longest, atMs - last);
      last = atMs;
    }
    return longest;
  }

  /** Stops the writers and waits for them. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
  }

  /** What was acknowledged and is not in `stored`, or is there with another value. */
  lostFrom(stored: ReadonlyMap<string, string>): Acknowledged[] {
    return this.acknowledged.filter(({ key, value }) => stored.get(key) !== value);
  }
}

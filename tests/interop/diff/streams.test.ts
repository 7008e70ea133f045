/**
 * Random streams of calls to etcd and to us. DIFF_SEEDS says how many or which (`40`, `12..40`) for each etcd of DIFF_ETCD
 * (`etcd-3.6,etcd-3.7`), DIFF_LENGTH how many requests each, DIFF_SHRINK_MS how long a failure is made smaller; seeds that come after DIFF_UNTIL (in ms) fail unplayed.
 */
import { afterAll, describe, expect, test } from "vitest";
import { realBinary, Scope } from "../../support/index.ts";
import { forNewer, forOlder, makeStream } from "./generate.ts";
import { play, shrink, told } from "./play.ts";

const scope = new Scope();
afterAll(() => scope.close());

/** Seeds of a short run. */
const usual: Readonly<Record<string, string>> = { "etcd-3.5": "1..2", "etcd-3.6": "1..6", "etcd-3.7": "7..9" };
const oracles = process.env["DIFF_ETCD"]?.split(",") ?? Object.keys(usual);
const length = Number(process.env["DIFF_LENGTH"] ?? 600);
const until = Number(process.env["DIFF_UNTIL"] ?? Number.POSITIVE_INFINITY);
const shrinkMs = Number(process.env["DIFF_SHRINK_MS"] ?? 40_000);

/** What keeps streams to what all versions do alike. */
const suited: Readonly<Record<string, typeof forOlder>> = { "etcd-3.5": forOlder, "etcd-3.7": forNewer };

function seedsFor(oracle: string): number[] {
  const asked = process.env["DIFF_SEEDS"] ?? usual[oracle] ?? "1..6";
  const [first = "1", last = first] = asked.includes("..") ? asked.split("..") : ["1", asked];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}

describe.each(oracles)("%s and we, asked the same", (oracle) => {
  test.skipIf(realBinary(oracle) === undefined).each(seedsFor(oracle))(
    "give the same answers to every request of the stream of seed %i",
    async (seed) => {
      if (Date.now() > until) throw new Error("no time was left for this seed");
      const made = makeStream(seed, length);
      const stream = made.map(suited[oracle] ?? ((request) => request));
      const failure = await play(scope, { oracle }, stream);
      if (failure === undefined) return;
      const least = await shrink(scope, { oracle }, stream, failure, shrinkMs);
      expect.unreachable(told(seed, least.stream, least.failure));
    },
    120_000 + shrinkMs,
  );
});

/**
 * Random streams of calls to etcd and to us. DIFF_SEEDS is how many (or which, as in `12..40`), DIFF_LENGTH how many
 * requests each, DIFF_ETCD which etcd.
 */
import { afterAll, describe, expect, test } from "vitest";
import { realBinary, Scope } from "../../support/index.ts";
import { makeStream } from "./generate.ts";
import { play, shrink, told } from "./play.ts";

const scope = new Scope();
afterAll(() => scope.close());

const oracle = process.env["DIFF_ETCD"] ?? "etcd-3.6";
const length = Number(process.env["DIFF_LENGTH"] ?? 600);
const shrinkMs = Number(process.env["DIFF_SHRINK_MS"] ?? 40_000);

function seeds(): number[] {
  const asked = process.env["DIFF_SEEDS"] ?? "5";
  const [first = "1", last = first] = asked.includes("..") ? asked.split("..") : ["1", asked];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}

describe.skipIf(realBinary(oracle) === undefined)(`${oracle} and we, asked the same`, () => {
  test.each(seeds())(
    "give the same answers to every request of the stream of seed %i",
    async (seed) => {
      const stream = makeStream(seed, length);
      const failure = await play(scope, { oracle }, stream);
      if (failure === undefined) return;
      const least = await shrink(scope, { oracle }, stream, failure, shrinkMs);
      expect.unreachable(told(seed, least.stream, least.failure));
    },
    120_000 + shrinkMs,
  );
});

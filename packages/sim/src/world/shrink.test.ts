import { expect, test } from "vitest";
import { shrinkFaults } from "./shrink.ts";

test("shrinking keeps just the faults that a failure needs", async () => {
  const all = Array.from({ length: 40 }, (_, i) => i + 1);
  const needed = [3, 17, 31];
  const found = await shrinkFaults(all, async (list) => needed.every((number) => list.includes(number)));
  expect(found).toEqual(needed);
});

test("a failure that needs no fault keeps none", async () => {
  expect(await shrinkFaults([1, 2, 3], async () => true)).toEqual([]);
});

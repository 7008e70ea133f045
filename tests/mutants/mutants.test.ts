import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import mutants from "./mutants.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");

test("there are mutants enough, each under its own name", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(40);
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});

describe("a mutant changes one place of the production code, and what it leaves can be run", () => {
  test.each(mutants)("$id: $what", async ({ file, from, to }) => {
    expect(file).toMatch(/^packages\/[a-z]+\/src\/(?!testing\/)[a-z0-9/-]+\.ts$/);
    expect(to).not.toBe(from);
    const parts = readFileSync(join(root, file), "utf8").split(from);
    expect(parts.length - 1, `how often the place occurs in ${file}`).toBe(1);
    await transform(parts.join(to), { loader: "ts" });
  });
});

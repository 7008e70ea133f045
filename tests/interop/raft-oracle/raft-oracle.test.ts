import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { realBinary, repositoryRoot } from "../../support/index.ts";
import { main } from "./campaign.ts";

/** A bounded share of the schedules that `npm run raft-oracle` plays. */
const schedules = 5000;

describe.skipIf(realBinary("raft-oracle") === undefined)("our core and the Go raft library", () => {
  const lines: string[] = [];
  let code = -1;
  beforeAll(async () => {
    code = await main(["--schedules", String(schedules), "--seed", "1"], (line) => lines.push(line));
  }, 120_000);

  test(`agree after every step of ${schedules} random schedules`, () => {
    expect(lines.join("\n")).toMatch(/\n5000 schedules, [\d,]+ steps: no unexplained difference$/);
    expect(code).toBe(0);
  });

  test("meet each of the intended differences, which are matched and not overlooked", () => {
    const met = lines.flatMap((line) => /^ +([\d,]+) {2}(?!schedules)(.*)$/.exec(line)?.slice(1) ?? []);
    expect(met.length).toBeGreaterThan(0);
    expect(met).not.toContain("0");
  });
});

/**
 * Situations that random schedules meet seldom. Each is the least schedule on which a planted mistake, which it is named
 * after, made the sides part.
 */
const rare = readFileSync(join(import.meta.dirname, "testdata/rare.txt"), "utf8")
  .trim()
  .split("\n");

describe.skipIf(realBinary("raft-oracle") === undefined)(
  "a schedule that shows a planted mistake leads both sides to the same states without it",
  () => {
    test.each(rare.map((line) => line.split(": ") as [string, string]))("%s", async (_, schedule) => {
      const lines: string[] = [];
      const code = await main(["--schedule", schedule], (line) => lines.push(line));
      expect(lines).toEqual(["no unexplained difference"]);
      expect(code).toBe(0);
    });
  },
);

/** Bundles the command with one place of the core changed. */
async function withMistake(file: string, from: string, to: string): Promise<typeof main> {
  const outfile = join(repositoryRoot, "node_modules/.cache/programs", `raft-oracle-mistaken-${process.pid}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, "campaign.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "silent",
    plugins: [
      {
        name: "mistake",
        setup: (plugin) => {
          plugin.onLoad({ filter: new RegExp(`raft/src/${file}$`) }, ({ path }) => {
            const parts = readFileSync(path, "utf8").split(from);
            expect(parts).toHaveLength(2);
            return { contents: parts.join(to), loader: "ts" };
          });
        },
      },
    ],
  });
  const { main: mistaken } = (await import(pathToFileURL(outfile).href)) as { main: typeof main };
  rmSync(outfile);
  return mistaken;
}

test.skipIf(realBinary("raft-oracle") === undefined)(
  "a mistake in the core is found, made small, and told with the command that shows it again",
  async () => {
    const mistaken = await withMistake("election\\.ts", "    raft.vote = message.from;\n", "");
    const lines: string[] = [];
    expect(await mistaken(["--schedules", "200", "--seed", "1"], (line) => lines.push(line))).toBe(1);
    const told = lines.join("\n");
    expect(told).toMatch(/^seed \d+, step \d+ of \d+, shrunk to:/);
    expect(told).toMatch(/\n\d+ schedules, [\d,]+ steps: differences in \d+$/);
    const schedule = /--schedule "([^"]+)"/.exec(told)?.[1] ?? "";
    expect(schedule.split(";").length).toBeLessThan(10);
    expect(await mistaken(["--schedule", schedule], () => undefined)).toBe(1);
    expect(await main(["--schedule", schedule], () => undefined)).toBe(0);
  },
  60_000,
);

test.each([
  [["--schedules", "abc"], "--schedules needs a whole number, not abc"],
  [["--schedules", "0"], "--schedules needs a whole number, not 0"],
  [["--schedule", "3 x"], "not a schedule: 3 x"],
  [["--bogus"], "Unknown option '--bogus'"],
])("%j cannot be understood", async (args, why) => {
  const lines: string[] = [];
  expect(await main(args, (line) => lines.push(line))).toBe(2);
  expect(lines.join("\n")).toMatch(why);
  expect(lines.join("\n")).toContain("usage: npm run raft-oracle");
});

import { beforeAll, describe, expect, test } from "vitest";
import { realBinary } from "../../support/index.ts";
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

import { describe, expect, test } from "vitest";
import { catalogue } from "./catalogue.ts";
import { playScenario } from "./play.ts";

const seeds = [1, 2, 3];
const findings = new Set(["M24-etcd"]);

describe.each(catalogue.filter(({ id }) => !findings.has(id)))("$id", (scenario) => {
  // The number alone, where several scripts play one scenario of the catalogue.
  test(`${scenario.id.slice(0, 3)}: ${scenario.title}`, async () => {
    for (const seed of seeds) {
      const { failure } = await playScenario(scenario, seed);
      expect(failure, `seed ${seed}`).toBeUndefined();
    }
  });
});

test("M24: by etcd's rules a wiped voter comes back unnoticed, and the checks catch the lost acknowledged writes", async () => {
  const scenario = catalogue.find(({ id }) => id === "M24-etcd");
  if (scenario === undefined) throw new Error("there is no such scenario");
  for (const seed of seeds) {
    const { failure, facts } = await playScenario(scenario, seed);
    expect(failure?.invariant).toBe("G2");
    expect(facts.get("lost")).toBe(10);
    expect(facts.get("caught")).toBeGreaterThan(0);
  }
});

test("each scenario has an id of its own", () => {
  const ids = catalogue.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

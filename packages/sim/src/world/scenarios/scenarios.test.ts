import { describe, expect, test } from "vitest";
import { catalogue, scriptsOf } from "./catalogue.ts";
import { runScenarios } from "./command.ts";
import { playScenario } from "./play.ts";

const seeds = [1, 2, 3];

describe.each(catalogue.filter(({ finding }) => finding === undefined))("$id", (scenario) => {
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
    const { failure, facts, objections } = await playScenario(scenario, seed);
    expect(failure?.invariant).toBe("G2");
    expect(facts.get("lost")).toBe(10);
    // Not the script alone: the checks that watch every step have seen that a voter lacks what was durable.
    expect([...objections]).toContain("I5");
  }
});

test("M29: a voter whose disk was rolled back past its vote votes again, and the checks catch two leaders of one term", async () => {
  for (const scenario of scriptsOf("M29-twice")) {
    for (const seed of seeds) expect((await playScenario(scenario, seed)).failure?.invariant).toBe("I1");
  }
  expect(catalogue.filter(({ finding }) => finding !== undefined).map(({ id }) => id)).toEqual([
    "M24-etcd",
    "M29-twice",
  ]);
});

test("each scenario has an id of its own", () => {
  const ids = catalogue.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

describe("npm run sim -- --scenario", () => {
  const run = async (id: string, count: number): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const request = { id, from: 1, seeds: count, each: false, logs: false, slowly: false };
    return { code: await runScenarios({ ...request, say: (line) => lines.push(line) }), lines };
  };

  test("plays what we do and what etcd does, and says that the loss by etcd's rules is caught", async () => {
    const { code, lines } = await run("m24", 2);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^M24: a wiped voter that was started before is refused/);
    expect(lines[1]).toMatch(/^2 seeds: held, \d+ events, \d+ events\/s$/);
    expect(lines[2]).toMatch(/^M24-etcd: by etcd's rules/);
    expect(lines[3]).toBe("expected finding G2: caught in 2 of 2 seeds");
    expect(lines[4]).toContain("the acknowledged writes of k11 k12");
  });

  test("plays one script of several when it is asked for", () => {
    expect(scriptsOf("n02").map(({ id }) => id)).toEqual(["N02", "N02b"]);
    expect(scriptsOf("M24-ETCD").map(({ id }) => id)).toEqual(["M24-etcd"]);
  });

  test("names the scenarios that there are when it is asked for another", async () => {
    const { code, lines } = await run("M99", 0);
    expect(code).toBe(2);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^no scenario is called M99; there are M01 /);
  });
});

import { describe, expect, test } from "vitest";
import { Simulation, type SimulationOptions } from "./testing/simulation.ts";

const steps = 4000;

function runs(seeds: number, options: Omit<SimulationOptions, "seed">): void {
  for (let seed = 1; seed <= seeds; seed++) {
    const simulation = new Simulation({ ...options, seed });
    try {
      simulation.run(steps);
      expect(simulation.heal()).toBe(true);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    expect(simulation.invariants.committed.size).toBeGreaterThan(1);
  }
}

describe("safety under a hostile network (§3.6.3)", () => {
  test("three members with fixed configuration stay safe and converge", () => {
    runs(25, { voters: 3 });
  });

  test("five members without pre-vote and without check of the quorum stay safe", () => {
    runs(15, { voters: 5, node: { preVote: false, checkQuorum: false } });
  });

  test("members come and go, one by one and jointly, and stay safe", () => {
    runs(40, { voters: 3, membersMax: 6, changes: true });
  });

  test("leaders that step down when removed stay safe", () => {
    runs(15, { voters: 3, membersMax: 5, changes: true, node: { stepDownOnRemoval: true } });
  });

  test("the same seed gives the same messages", () => {
    const trace = (): number => {
      const simulation = new Simulation({ seed: 7, voters: 3, membersMax: 5, changes: true });
      simulation.run(2000);
      return simulation.trace;
    };
    expect(trace()).toBe(trace());
  });
});

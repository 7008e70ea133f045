import { type Breakage, breakages, breakHistory, checkHistory, generateHistory, type History } from "@quorate/sim";
import { expect, test } from "vitest";
import { realBinary, runProgram } from "../../support/index.ts";

const porcupine = realBinary("porcupine-check");

interface Case {
  readonly name: string;
  readonly history: History;
}

/**
 * The history of a seed; every second one is broken on purpose, in each way in turn. Those with many unknown results are
 * short, for porcupine tries every order of them.
 */
function caseOf(seed: number): Case {
  const unknownPercent = [0, 5, 12, 25][(seed >> 1) % 4] as number;
  const history = generateHistory({
    seed,
    operations: 8 + (seed % (unknownPercent > 5 ? 11 : 29)),
    clients: 2 + (seed % 4),
    unknownPercent,
    keys: 1 + (seed % 3),
    past: seed % 3 !== 0,
    leases: seed % 5 === 0,
  });
  const breakage = breakages[(seed >> 1) % breakages.length] as Breakage;
  const broken = seed % 2 === 0 ? breakHistory(history, breakage, seed) : undefined;
  return broken === undefined
    ? { name: `seed ${seed}`, history }
    : { name: `seed ${seed}, ${breakage}`, history: broken };
}

test.skipIf(porcupine === undefined)(
  "both judges and porcupine, on a model of its own, say the same of 2,400 random histories",
  async () => {
    const cases = Array.from({ length: 2400 }, (_, i) => caseOf(i + 1));
    const input = cases.map(({ history }) => `${JSON.stringify(history)}\n`).join("");
    const { code, stdout, stderr } = await runProgram(porcupine as string, [], { input, timeoutMs: 150_000 });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const verdicts = stdout.trimEnd().split("\n");
    expect(verdicts).toHaveLength(cases.length);
    for (const [i, { name, history }] of cases.entries()) {
      for (const judge of ["revision", "search"] as const) {
        expect(checkHistory(history, { judge }).outcome, `${name}, by ${judge}`).toBe(verdicts[i]);
      }
    }
    const broken = verdicts.filter((verdict) => verdict === "not-linearizable").length;
    console.log(`porcupine: ${verdicts.length - broken} linearizable, ${broken} not`);
    expect(broken).toBeGreaterThanOrEqual(700);
    expect(verdicts).not.toContain("unknown");
  },
  200_000,
);

import { describe, expect, test } from "vitest";
import { parseOptions } from "./options.ts";

describe("the options of the simulator", () => {
  test("are those of seed 1 unless something is asked for", () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ seed: 1, seeds: 0, from: 1, jobs: 1, members: undefined, faults: undefined });
  });

  test("are given with a blank or an equals sign", () => {
    expect(parseOptions(["--seed=7", "--faults", "3,9", "--members=5"])).toMatchObject({
      seed: 7,
      faults: new Set([3, 9]),
      members: 5,
    });
  });

  test.each([
    [["--seed", "abc"], "--seed needs a whole number, not abc"],
    [["--seed", "-1"], "--seed needs a whole number, not -1"],
    [["--seed", "99999999999999999999"], "--seed is 0 to 9007199254740991, not 99999999999999999999"],
    [["--seed"], "--seed needs a value"],
    [["--seeds", "0"], "--seeds is 1 to 9007199254740991, not 0"],
    [["--jobs", "0"], "--jobs is 1 to 64, not 0"],
    [["--members", "8"], "--members is 1 to 7, not 8"],
    [["--faults", "3,x"], "--faults needs numbers with commas between them, not 3,x"],
    [["--bogus"], "unknown option --bogus"],
  ])("%j cannot be understood", (args, why) => {
    expect(parseOptions(args)).toBe(why);
  });
});

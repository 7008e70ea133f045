import { expect, test } from "vitest";
import { crashExplorer } from "./command.ts";

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await crashExplorer(
    args,
    (line) => lines.push(line),
    () => 0,
  );
  return { code, lines };
}

test("one image is opened again by its name", async () => {
  const { code, lines } = await run("--run", "first-start", "--image", "20:none");
  expect(lines.at(-1)).toBe("1 images of 1 runs: every one recovered");
  expect(code).toBe(0);
  expect((await run("--run", "first-start", "--image", "20:killed/30:none")).code).toBe(0);
  expect((await run("--run", "first-start", "--image", "20:none/lived")).code).toBe(0);
  expect((await run("--run", "tail", "--image", "cut@13000")).code).toBe(0);
});

test("an image that is none of the run's is not taken for one that recovered", async () => {
  for (const image of ["9999:all", "9999:killed", "5:some", "5", "cut@1"]) {
    expect((await run("--run", "first-start", "--image", image)).code, image).toBe(2);
  }
  expect((await run("--run", "tail", "--image", "cut@1")).code).toBe(2);
});

test("arguments that mean nothing are refused", async () => {
  for (const args of [["--run", "none"], ["--seed", "x"], ["--image", "1:all"], ["--seed"], ["--what"]]) {
    const { code, lines } = await run(...args);
    expect(code).toBe(2);
    expect(lines.join("\n")).toContain("npm run crash-explorer");
  }
});

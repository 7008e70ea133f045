/** Crashes at every operation of the recorded runs, in a bounded number; `npm run crash-explorer -- --full` tries all. */
import { describe, expect, test } from "vitest";
import { explore, type Recording } from "./explorer.ts";
import { defaultBounds } from "./fates.ts";
import { exploreLives, openNamedImage } from "./lives.ts";
import { record } from "./recorder.ts";
import { runs } from "./runs.ts";

const lifeBounds = { pairs: 3, sectors: 2, random: 1 };

describe.each(runs)("$name", (run) => {
  let recording: Promise<Recording> | undefined;
  const recorded = (): Promise<Recording> => {
    recording ??= record(run);
    return recording;
  };

  test(`${run.scenarios} a crash at any operation leaves what was acknowledged, and nothing else: ${run.about}`, async () => {
    const { images, failures } = await explore(await recorded(), { bounds: defaultBounds, seed: 1, imagesMax: 500 });
    expect(failures.slice(0, 3)).toEqual([]);
    expect(images).toBeGreaterThan(50);
  });

  test(`${run.scenarios} so does a crash after a kill or a crash that the member came back from: ${run.name}`, async () => {
    const options = { bounds: lifeBounds, seed: 1, livesMax: 24, imagesMax: 20 };
    const { images, failures } = await exploreLives(await recorded(), options);
    expect(failures.slice(0, 3)).toEqual([]);
    expect(images).toBeGreaterThan(100);
  });

  test("is the same each time it is recorded", async () => {
    const [a, b] = [await recorded(), await record(run)];
    expect(b.journal.length).toBe(a.journal.length);
    expect(b.journal.map(({ kind }) => kind)).toEqual(a.journal.map(({ kind }) => kind));
    const at = Math.floor(a.journal.length / 2);
    expect(await openNamedImage(b, `${at}:all`)).toBeUndefined();
    expect(await openNamedImage(b, `${at}:killed`)).toBeUndefined();
  });
});

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { isSealBroken, isSealed, sealBytes, sealPage } from "./seal.ts";
import { bytes, contentOf, newDisk, path, testOptions, withoutSeals } from "./testing/harness.ts";
import { bboltCheck, haveBbolt } from "./testing/real.ts";

const pageSize = 1024;
const options = testOptions({ initialPageSize: pageSize, growBytes: 0 });

/** A small database with branches, a page with overflow, and an inline bucket. */
async function sample(): Promise<Uint8Array> {
  const disk = await newDisk();
  const backend = await Backend.open(disk, path, options);
  const bucket = backend.batch.createBucket(bytes("rows"));
  for (let i = 0; i < 60; i++) backend.batch.put(bucket, bytes(`key${100 + i}`), new Uint8Array(60).fill(i));
  backend.batch.put(bucket, bytes("long"), new Uint8Array(3000).fill(7));
  const small = backend.batch.createBucket(bytes("small"));
  backend.batch.put(small, bytes("inline"), bytes("value"));
  await backend.commit();
  backend.batch.put(small, bytes("second"), bytes("commit"));
  await backend.close();
  return contentOf(disk);
}

/** All rows of a database that opens; undefined when it is refused, in words that name file and place. */
async function rowsOf(image: Uint8Array): Promise<string | undefined> {
  const disk = await newDisk(image);
  let backend: Backend;
  try {
    backend = await Backend.open(disk, path, options);
  } catch (error) {
    expect(String(error)).toMatch(/\/data\/db: .*(page |meta|file)/);
    return undefined;
  }
  const rows: string[] = [];
  for (const name of ["rows", "small"]) {
    backend.batch.range(backend.bucket(bytes(name)), new Uint8Array(0), undefined, (key, value) => {
      rows.push(`${Buffer.from(key).toString()}=${Buffer.from(value).toString("hex")}`);
    });
  }
  await backend.close();
  return rows.join("\n");
}

let image: Uint8Array;

beforeAll(async () => {
  image = await sample();
});

describe("sealed pages", () => {
  test("are sound to bbolt and to the checker", async () => {
    expect([...check(await newDisk(image), path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(image)).toContain("OK");
  });

  test("show every bit that is turned over behind the meta pages, or it changes nothing (D14)", async () => {
    const whole = await rowsOf(image);
    let refused = 0;
    for (let bit = 2 * pageSize * 8; bit < image.length * 8; bit += 3) {
      const damaged = image.slice();
      damaged[bit >>> 3] = (damaged[bit >>> 3] as number) ^ (1 << (bit & 7));
      const rows = await rowsOf(damaged);
      if (rows === undefined) refused += 1;
      else expect(rows === whole, `bit ${bit & 7} of byte ${bit >>> 3}`).toBe(true);
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test("are read without seals as well, as bbolt writes them", async () => {
    expect(await rowsOf(withoutSeals(image.slice(), pageSize))).toBe(await rowsOf(image));
  });
});

test("a page that lost its seal is refused, unless bbolt has written since (D14)", async () => {
  let refused = 0;
  for (let end = 3 * pageSize; end <= image.length; end += pageSize) {
    const damaged = image.slice();
    // A sector that does not belong here, as long as the page's last.
    damaged.set(image.subarray(2 * pageSize, 2 * pageSize + 512), end - 512);
    if ((await rowsOf(damaged)) === undefined) refused += 1;
  }
  expect(refused).toBeGreaterThan(5);
  const written = withoutSeals(image.slice(), pageSize);
  expect(await rowsOf(written)).toBe(await rowsOf(image));
});

describe("a seal", () => {
  const sealed = (id: number, words: number, content: readonly number[]): Uint32Array => {
    const page = new Uint32Array(words);
    page[0] = id;
    page.set(content, 4);
    sealPage(page, 0, words * 4);
    return page;
  };

  test("breaks with any change of one word", () => {
    const anyWord = fc.nat(0xffffffff);
    fc.assert(
      fc.property(fc.array(anyWord, { maxLength: 200 }), fc.nat(253), anyWord, (content, at, word) => {
        const page = sealed(9, 256, content);
        expect([isSealed(page, 0, 1024), isSealBroken(page, 0, 1024)]).toEqual([true, false]);
        const before = page[at];
        page[at] = word;
        // The first word is the page's number, which the mark is mixed with: another one has no seal here.
        expect(isSealed(page, 0, 1024)).toBe(before === word || at !== 0);
        expect(isSealBroken(page, 0, 1024)).toBe(before !== word);
      }),
    );
  });

  test("that was copied into another page is none", () => {
    const copied = sealed(9, 256, [1, 2, 3]).subarray(-sealBytes / 4);
    const full = new Uint32Array(256).fill(5);
    full[0] = 10;
    full.set(copied, 254);
    expect(isSealed(full, 0, 1024)).toBe(false);
  });
});

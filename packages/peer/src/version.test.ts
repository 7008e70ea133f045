import { expect, test } from "vitest";
import { parseVersion, versionOfHeader } from "./version.ts";

test.each([
  ["3.6.0", 3, 6, 0],
  ["03.006.00000000000000000000007", 3, 6, 7],
  ["3.6.1-", 3, 6, 1],
  ["3.6.1+", 3, 6, 1],
  ["3.6.1-rc.1-a+b-c.4", 3, 6, 1],
  ["1000000.0.9223372036854775807", 1_000_000, 0, 2 ** 63],
])("%s is a version", (text, major, minor, patch) => {
  expect(parseVersion(text)).toEqual({ major, minor, patch });
});

test.each(["", "3", "3.6", "3.6.0.1", "3..0", "3.6.x", "v3.6.0", "3.-6.0", "3.6.0-_", "3.6.0-a..b", "3.6.0+a+b"])(
  "%j is no version",
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

test("a number of 64 bits is in no version", () => {
  expect(parseVersion("9223372036854775808.0.0")).toBeUndefined();
  expect(parseVersion("3.6.10000000000000000000")).toBeUndefined();
});

test("who says no version, or an empty one, counts as 2.0.0", () => {
  expect([versionOfHeader(undefined), versionOfHeader("")].map((version) => version?.major)).toEqual([2, 2]);
});

import { expect, test } from "vitest";
import { SparseBytes } from "./sparse-bytes.ts";

const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

test("sparse bytes hold what was written, with zeros in holes and nothing past their end", () => {
  const content = new SparseBytes();
  content.write(fill(10, 1), 4090);
  content.write(fill(3, 2), 20_000);
  expect(content.size).toBe(20_003);
  const target = fill(20, 9);
  expect(content.read(target, 4085)).toBe(20);
  expect([...target]).toEqual([...fill(5, 0), ...fill(10, 1), ...fill(5, 0)]);
  expect(content.read(target, 20_001)).toBe(2);
  expect(content.read(target, 30_000)).toBe(0);
  expect(content.end()).toBe(20_003);
});

test("sparse bytes that were cut read as zeros when they grow again", () => {
  const content = new SparseBytes();
  content.write(fill(9000, 1), 0);
  content.resize(5000);
  content.resize(9000);
  expect([...content.bytes()]).toEqual([...fill(5000, 1), ...fill(4000, 0)]);
  expect(content.end()).toBe(5000);
});

test("a fork of sparse bytes and its origin do not see each other's changes", () => {
  const content = new SparseBytes();
  content.write(fill(6, 1), 0);
  const fork = content.fork();
  content.write(fill(1, 2), 0);
  fork.write(fill(1, 3), 5);
  fork.resize(8);
  expect([...content.bytes()]).toEqual([2, 1, 1, 1, 1, 1]);
  expect([...fork.bytes()]).toEqual([1, 1, 1, 1, 1, 3, 0, 0]);
});

import { expect, test } from "vitest";
import { leader, third } from "./setting.ts";
import { isBehind, PromiseBook } from "./promises.ts";

test("promises are known from the operation on at which they were given, and never shrink", () => {
  const book = new PromiseBook();
  book.add(3, { term: 2, vote: leader });
  book.add(5, { term: 2, log: { term: 2, index: 9 } });
  book.add(7, { term: 2, log: { term: 2, index: 4 } });
  book.add(8, { term: 4 });
  book.add(9, { term: 4, vote: third });
  expect(book.at(2).term).toBe(0);
  expect(book.at(3).vote).toBe(leader);
  expect(book.at(7).log).toEqual({ term: 2, index: 9 });
  expect(book.at(7).vote).toBe(leader);
  expect(book.at(8).vote).toBe(0n);
  expect(book.now.vote).toBe(third);
});

test("logs are compared by term first", () => {
  expect(isBehind({ term: 2, index: 9 }, { term: 3, index: 1 })).toBe(true);
  expect(isBehind({ term: 3, index: 1 }, { term: 2, index: 9 })).toBe(false);
  expect(isBehind({ term: 3, index: 1 }, { term: 3, index: 1 })).toBe(false);
});

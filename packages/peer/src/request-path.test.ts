import { expect, test } from "vitest";
import { requestPath } from "./request-path.ts";

test.each([
  ["/members", "/members"],
  ["/members?x=%zz#y", "/members"],
  ["/members#x", "/members#x"],
  ["/m%65mbers%2F", "/members/"],
  ["/%C3%A9", "/é"],
  ["/%25%36%35", "/%65"],
  ["http://host:1/members?x", "/members"],
  ["http://host", ""],
  ["//members", "//members"],
  ["*", "*"],
])("%s leads to %s", (target, path) => {
  expect(requestPath(target)?.path).toBe(path);
});

test("a slash that was escaped parts nothing on the way to a route", () => {
  expect(requestPath("/r%61ft%2Fstream/%252F")).toEqual({ path: "/raft/stream/%2F", route: "/raft%2Fstream/%2F" });
});

test.each(["/%", "/%6", "/a%6gb"])("%s leads nowhere", (target) => {
  expect(requestPath(target)).toBeUndefined();
});

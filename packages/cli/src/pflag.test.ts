import { expect, test } from "vitest";
import { CommandError } from "./io.ts";
import { durationMs, durationText, type Option, Options, parseOptions, takeVariables } from "./pflag.ts";

const list: readonly Option[] = [
  { name: "write-out", letter: "w", kind: "string", fallback: "simple", help: "" },
  { name: "limit", kind: "int", fallback: "0", help: "" },
  { name: "prefix", letter: "p", kind: "bool", fallback: "false", help: "" },
  { name: "endpoints", kind: "list", fallback: "a:1", help: "" },
  { name: "command-timeout", kind: "duration", fallback: "5s", help: "" },
];

function parse(...args: string[]): [Options, string[]] {
  const options = new Options(list);
  return [options, parseOptions(args, options)];
}

test("flags and words come in any order, and -- ends the flags", () => {
  const [options, words] = parse("k", "-wjson", "--limit", "3", "-p", "--", "-x");
  expect(words).toEqual(["k", "-x"]);
  expect([options.string("write-out"), options.number("limit"), options.bool("prefix")]).toEqual(["json", 3, true]);
  expect(parse("-w=table")[0].string("write-out")).toBe("table");
  expect(parse("-pw", "fields")[0].string("write-out")).toBe("fields");
  expect(parse("--endpoints=a:1,b:2")[0].strings("endpoints")).toEqual(["a:1", "b:2"]);
});

test("a boolean takes its value only behind =", () => {
  expect(parse("--prefix", "false")[1]).toEqual(["false"]);
  expect(parse("--prefix=false")[0].bool("prefix")).toBe(false);
});

// Messages as printed by etcdctl 3.6.14.
test.each([
  [["--bogus"], "unknown flag: --bogus"],
  [["-x"], "unknown shorthand flag: 'x' in -x"],
  [["--limit"], "flag needs an argument: --limit"],
  [["-w"], "flag needs an argument: 'w' in -w"],
  [["--limit", "x"], 'invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax'],
])("%j is refused", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});

test("variables give what flags do not, and clash with flags that are given", () => {
  const [options] = parse("--limit=1");
  const warnings: string[] = [];
  takeVariables("E_", options, { E_ENDPOINTS: "b:2", E_BOGUS: "1", E_API: "3", OTHER: "1" }, (text) =>
    warnings.push(text),
  );
  expect(options.strings("endpoints")).toEqual(["b:2"]);
  expect(warnings).toEqual(["unrecognized environment variable E_BOGUS\n"]);
  expect(() => takeVariables("E_", options, { E_LIMIT: "2" }, () => undefined)).toThrow(CommandError);
});

test.each([
  ["1h30m", 5_400_000, "1h30m0s"],
  ["1.5s", 1500, "1.5s"],
  ["300ms", 300, "300ms"],
  ["0", 0, "0s"],
  ["1ns", 1e-6, "1ns"],
])("duration %s", (text, ms, printed) => {
  expect(durationMs(text)).toBe(ms);
  expect(durationText(ms)).toBe(printed);
});

test("durations are printed as precisely as Go's", () => {
  expect(durationText(1.313385)).toBe("1.313385ms");
  expect(durationText(0.948526)).toBe("948.526µs");
  expect(durationText(1000.26767)).toBe("1.00026767s");
});

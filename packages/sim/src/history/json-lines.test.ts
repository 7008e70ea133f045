import { describe, expect, test } from "vitest";
import { checkHistory } from "./check.ts";
import { generateHistory } from "./generate/generate-history.ts";
import { HistoryFormatError } from "./json-fields.ts";
import { formatHistory, parseHistory } from "./json-lines.ts";
import { HistoryRecorder } from "./recorder.ts";

const good = `{"client":1,"invoke":5,"return":9,"request":{"kind":"put","key":"a","value":"1"},"result":{"status":"ok","revision":2,"response":{"kind":"put"}}}`;

function refusal(...lines: string[]): string {
  try {
    parseHistory(lines);
  } catch (error) {
    expect(error).toBeInstanceOf(HistoryFormatError);
    return (error as HistoryFormatError).message;
  }
  return "nothing is wrong";
}

describe("a recorded history", () => {
  test("is read back as it was written, with times from the first on", () => {
    const options = { seed: 3, operations: 500, clients: 5, unknownPercent: 10, keys: 4, past: true, leases: true };
    const history = generateHistory(options);
    const from = Math.min(...history.operations.map(({ invoke }) => invoke));
    const expected = history.operations.map((one) => ({
      ...one,
      invoke: one.invoke - from,
      return: one.return - from,
    }));
    const { history: read, lines } = parseHistory([...formatHistory(history)].join("").split("\n"));
    expect(read.operations).toEqual(expected);
    expect(lines.at(-1)).toBe(500);
  });

  test("keeps nanoseconds since 1970 apart when they are written as strings", () => {
    const late = good.replace('"invoke":5', '"invoke":"1732209174123456788"').replace("9,", '"1732209174123456789",');
    const early = late.replaceAll("173220917412345", "173220917412344");
    expect(parseHistory([late, early]).history.operations).toMatchObject([
      { invoke: 10_000, return: 10_001 },
      { invoke: 0, return: 1 },
    ]);
  });

  test("starts with what was stored, and counts lines although some are empty", () => {
    const start = `{"start":{"revision":7,"kvs":[{"key":"a","value":"x","createRevision":7,"modRevision":7,"version":1}]}}`;
    const { history, lines } = parseHistory([start, "", good]);
    expect(history.start?.kvs).toMatchObject([{ key: "a", lease: "0" }]);
    expect(lines).toEqual([3]);
  });
});

describe("a line that is no operation is refused with its number", () => {
  test.each([
    ["not JSON", "{", /^line 2: not JSON: /],
    ["no object", "7", /^line 2: the line is not an object$/],
    ["no time", good.replace('"invoke":5,', ""), /^line 2: invoke is missing$/],
    ["a time that JSON rounds", good.replace("5", "1732209174123456789"), /^line 2: invoke is not an integer up to/],
    ["a return before its invocation", good.replace("5", "10"), /^line 2: return is before invoke$/],
    ["an unknown kind", good.replace('"put","key', '"get","key'), /^line 2: request.kind is not one of put, range/],
    ["an empty key", good.replace('"a"', '""'), /^line 2: request.key is empty$/],
    ["a misspelt field", good.replace('"value"', '"prevkv":true,"value"'), /^line 2: request.prevkv is not a field/],
    ["no revision", good.replace('"revision":2,', ""), /^line 2: result.revision is missing$/],
    [
      "an answer of another kind",
      good.replace('{"kind":"put"}}', '{"kind":"compact"}}'),
      /^line 2: .*but the request is a put$/,
    ],
    ["a start in the midst", '{"start":{"revision":2}}', /^line 2: start may stand only in the first line$/],
  ])("%s", (_, line, message) => {
    expect(refusal(good, line)).toMatch(message);
  });

  test("a past revision inside of a transaction", () => {
    const range = `{"kind":"txn","success":[{"kind":"range","key":"a","revision":2}]}`;
    const line = `{"client":1,"invoke":5,"request":${range},"result":{"status":"unknown"}}`;
    expect(refusal(line)).toBe(
      "line 1: request.success[0].revision: a range inside of a transaction can only be of the newest state",
    );
  });
});

test("a recorder gives what was begun and not finished an unknown result", () => {
  const recorder = new HistoryRecorder();
  const first = recorder.invoke("a", 1, { kind: "put", key: "k", value: "1" });
  recorder.invoke("b", 2, { kind: "put", key: "k", value: "2" });
  recorder.finish(first, 3, { status: "ok", revision: 3, response: { kind: "put" } });
  expect(recorder.open).toBe(1);
  expect(recorder.history().operations.map(({ result }) => result.status)).toEqual(["ok", "unknown"]);
  expect(checkHistory(recorder.history()).outcome).toBe("linearizable");
  expect(() => recorder.finish(first, 4, { status: "unknown" })).toThrow("finished already");
});

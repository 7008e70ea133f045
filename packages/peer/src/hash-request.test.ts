import { expect, test } from "vitest";
import { hashRevisionOf } from "./hash-request.ts";

test.each([
  ["{}", 0],
  ["null", 0],
  [' {"a":[1,{"revision":"x"}],"REVISION":7} ', 7],
  ['{"Revision":null}', 0],
  ['{"revision":3,"Revision":null}', 3],
  ['{"\\u0072evision":-0}', 0],
  ['{"a":"\\"1","revision":-3}', -3],
  ['{"revision":9223372036854775807}', Number.MAX_SAFE_INTEGER],
  ['{"revision":-9223372036854775808}', Number.MIN_SAFE_INTEGER],
])("%s asks for a hash", (body, revision) => {
  expect(hashRevisionOf(body)).toBe(revision);
});

test.each([
  ...["", "[]", "1", '"x"', "true", "x", '{"revision":"1"}', '{"revision":"n1"}', '{"revision":1.0}'],
  ...['{"revision":1e3}', '{"revision":01}', '{"revision":+1}', '{"revision":9223372036854775808}'],
  ...['{"revision":{}}', '{"revision":true}', '{"revision":1,"Revision":"x"}', "{}{}", "\ufeff{}"],
])("%j asks for none", (body) => {
  expect(hashRevisionOf(body)).toBeUndefined();
});

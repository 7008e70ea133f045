import { newPutRequest, newRequestOp, newTxnRequest, type TxnRequest } from "@quorate/api";
import { utf8Encode } from "@quorate/base";
import { expect, test } from "vitest";
import { checkTxn } from "./kv-checks.ts";

/** A put inside `depth` transactions. */
function nested(depth: number): TxnRequest {
  const requestPut = { ...newPutRequest(), key: utf8Encode("k") };
  let txn: TxnRequest = { ...newTxnRequest(), success: [{ ...newRequestOp(), requestPut }] };
  for (let i = 1; i < depth; i++) txn = { ...newTxnRequest(), success: [{ ...newRequestOp(), requestTxn: txn }] };
  return txn;
}

test("transactions nest as deep as the limit of operations lets them, and never deeper than the stack bears (P11)", () => {
  expect(checkTxn(nested(128), 128)).toBeUndefined();
  expect(checkTxn(nested(129), 128)).toBe("tooManyOps");
  expect(checkTxn(nested(256), 100_000)).toBeUndefined();
  expect(checkTxn(nested(257), 100_000)).toBe("tooManyOps");
});

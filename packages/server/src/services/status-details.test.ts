import { expect, test } from "vitest";
import { encodeStatusDetails } from "./status-details.ts";

test("an explanation is a LocalizedMessage in a google.rpc.Status, byte for byte", () => {
  const typeUrl = Buffer.from("type.googleapis.com/google.rpc.LocalizedMessage").toString("hex");
  const any = `0a2f${typeUrl}12070a02656e120178`;
  expect(Buffer.from(encodeStatusDetails(9, "m", "x")).toString("hex")).toBe(`080912016d1a3a${any}`);
});

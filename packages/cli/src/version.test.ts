import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { etcdVersion, etcdVersionLine, quorateVersion } from "./version.ts";

/** The value of a constant in the server's sources; importing them would load what the tools must not. */
function serverConstant(name: string): string | undefined {
  const path = new URL("../../server/src/flags/version.ts", import.meta.url);
  return new RegExp(`const ${name} = "([^"]+)"`).exec(readFileSync(path, "utf8"))?.[1];
}

test("the tools name the same versions as the server", () => {
  expect(etcdVersion).toBe(serverConstant("etcdVersion"));
  expect(etcdVersionLine).toBe(serverConstant("etcdVersionLine"));
  expect(quorateVersion).toBe(serverConstant("quorateVersion"));
});

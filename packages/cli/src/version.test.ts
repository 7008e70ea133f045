import { expect, test } from "vitest";
import * as server from "@quorate/server";
import { etcdVersion, etcdVersionLine, quorateVersion, serverVersionText } from "./version.ts";

test("the tools name the same versions as the server", () => {
  expect(etcdVersion).toBe(server.etcdVersion);
  expect(etcdVersionLine).toBe(server.etcdVersionLine);
  expect(quorateVersion).toBe(server.quorateVersion);
});

test("--version is answered without the server in the server's words", () => {
  for (const arch of ["x64", "arm64"]) {
    const text = server.versionText({ nodeVersion: "v20.19.0", platform: "linux", arch });
    expect(serverVersionText("v20.19.0", "linux", arch)).toBe(text);
  }
});

import { createServer, request } from "node:http";
import type { Member } from "@quorate/member";
import { expect, test } from "vitest";
import { HealthCounters } from "../metrics/health.ts";
import { Router, type RouterParts } from "./router.ts";

const parts: RouterParts = {
  member: {} as Member,
  logger: { log: () => undefined },
  health: new HealthCounters(),
  enableV2: false,
  cors: [],
  hosts: ["etcd.example", "::1"],
  versionJson: () => "{}",
  metricsText: () => "",
};

/** Asks for the version under a name of the host; returns the status. */
async function statusFor(
  host: string,
  hosts: readonly string[],
  listener: "handle" | "handleFromAnywhere",
): Promise<number> {
  const server = createServer(new Router({ ...parts, hosts })[listener]);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    return await new Promise<number>((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, path: "/version", headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on("error", reject).end();
    });
  } finally {
    server.close();
  }
}

test("a host that the whitelist does not name is misdirected, with and without a port", async () => {
  for (const [host, status] of [
    ["etcd.example", 200],
    ["etcd.example:2379", 200],
    ["[::1]:2379", 200],
    ["evil.example", 421],
    ["evil.example:2379", 421],
    ["127.0.0.1:2379", 421],
  ] as const) {
    expect([host, await statusFor(host, parts.hosts, "handle")]).toEqual([host, status]);
  }
});

test("every host is meant when the whitelist holds a star or nothing, and where only metrics are shown", async () => {
  expect(await statusFor("evil.example", ["a", "*"], "handle")).toBe(200);
  expect(await statusFor("evil.example", [], "handle")).toBe(200);
  expect(await statusFor("evil.example", ["a"], "handleFromAnywhere")).toBe(200);
});

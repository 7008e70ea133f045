import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkAddresses } from "./listen-addresses.ts";
import { config } from "./testing/flags.ts";

let directory: string;
const servers: Server[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "quorate-listen-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function listening(where: { port: number; host: string } | { path: string }): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function check(flags: Readonly<Record<string, string>>): Promise<void> {
  const all = { "listen-peer-urls": "http://127.0.0.1:0", "listen-client-urls": "http://127.0.0.1:0", ...flags };
  const args = Object.entries(all).map(([flag, value]) => `--${flag}=${value}`);
  return checkAddresses(config([...args, "--advertise-client-urls=http://127.0.0.1:1"]));
}

test("an address in use is named with its flag", async () => {
  const port = await listening({ port: 0, host: "127.0.0.1" });
  await expect(check({ "listen-metrics-urls": `http://127.0.0.1:${port}` })).rejects.toThrow(
    `--listen-metrics-urls: listen tcp 127.0.0.1:${port}: bind: address already in use`,
  );
});

test("two flags cannot have the same address", async () => {
  const port = await listening({ port: 0, host: "127.0.0.1" });
  servers.pop()?.close();
  const url = `http://127.0.0.1:${port}`;
  await expect(check({ "listen-peer-urls": url, "listen-client-urls": url })).rejects.toThrow(
    `--listen-client-urls: listen tcp 127.0.0.1:${port}: bind: address already in use`,
  );
  await check({ "listen-client-urls": url }); // And all is let go of again.
});

test("a unix socket that somebody serves is in use, one that was left behind is free, another file is no socket", async () => {
  const path = join(directory, "s");
  const flags = { "listen-client-urls": `unix://${path}` };
  const inUse = `--listen-client-urls: listen unix ${path}: bind: address already in use`;
  await check(flags);
  await listening({ path });
  await expect(check(flags)).rejects.toThrow(inUse);
  await check({});
  servers.pop()?.close();
  const left = join(directory, "left");
  await leave(left);
  await check({ "listen-client-urls": `unix://${left}` });
  writeFileSync(path, "precious");
  await expect(check(flags)).rejects.toThrow(inUse);
});

/** A socket as a killed process leaves it. */
async function leave(path: string): Promise<void> {
  const { spawnSync } = await import("node:child_process");
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
}

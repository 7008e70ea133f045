import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import {
  copyGoldenSnapshot,
  ctlOk,
  freePorts,
  goldenManifest,
  hasGolden,
  realBinary,
  runProgram,
  Scope,
  ServerCluster,
  unpackGolden,
  waitFor,
} from "./index.ts";

const scope = new Scope();
afterAll(() => scope.close());

describe("helpers of the end-to-end tests", () => {
  test("ports are distinct and can be listened on", async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(ports[0], "127.0.0.1", resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test("a wait that is not fulfilled names what it waited for and why it failed last", async () => {
    const never = waitFor("snow", () => Promise.reject(new Error("too warm")), { timeoutMs: 30, intervalMs: 5 });
    await expect(never).rejects.toThrow(/timed out after 30 ms waiting for snow: too warm/);
  });

  test("a closed scope leaves neither folders nor processes", async () => {
    const inner = new Scope();
    const dir = inner.dir();
    const program = inner.spawn({ name: "sleeper", command: "sleep", args: ["60"] });
    expect(existsSync(dir)).toBe(true);
    await inner.close();
    expect(existsSync(dir)).toBe(false);
    expect(program.exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("a program that ends is reported at once, with its output", async () => {
    const program = scope.spawn({ name: "short", command: "sh", args: ["-c", "echo so long; exit 3"] });
    await expect(program.waitForOutput(/never/)).rejects.toThrow(/short ended before[^]*so long/);
    expect(await program.waitForExit()).toEqual({ code: 3, signal: null });
  });

  test("a program that cannot be started ends with 127", async () => {
    const program = scope.spawn({ name: "ghost", command: "/does/not/exist", args: [] });
    expect(await program.waitForExit()).toEqual({ code: 127, signal: null });
    await expect(runProgram("/does/not/exist", [])).rejects.toThrow(/ENOENT/);
  });

  test("a real program that is missing lets a test skip itself, but not in CI", () => {
    vi.stubEnv("CI", "false");
    expect(realBinary("no-such-program")).toBeUndefined();
    vi.stubEnv("CI", "true");
    expect(() => realBinary("no-such-program")).toThrow(/no-such-program is missing/);
    vi.unstubAllEnvs();
  });

  test("a program that takes too long is killed", async () => {
    await expect(runProgram("sleep", ["60"], { timeoutMs: 50 })).rejects.toThrow(/still ran after 50 ms/);
  });
});

describe.skipIf(!hasGolden)("golden data", () => {
  test("unpacks into a data directory", async () => {
    const dir = await unpackGolden(scope, "etcd-3.4", "restore1");
    expect(existsSync(join(dir, "member/snap/db"))).toBe(true);
    expect(existsSync(copyGoldenSnapshot(scope, "etcd-3.6", "final"))).toBe(true);
    expect(goldenManifest<{ final_revision: number }>("etcd-3.7", "single").final_revision).toBe(382);
  });
});

const real = ["etcd-3.4", "etcd-3.7"].filter((name) => realBinary(name) !== undefined);
describe.skipIf(realBinary("etcdctl-3.4") === undefined)("a cluster of real processes", () => {
  test.each(real)("%s: starts, survives kill -9 of its leader, takes it back", async (program) => {
    const cluster = await ServerCluster.start(scope, { program, members: 3 });
    const { endpoints } = cluster;
    expect(await ctlOk(["put", "k", "v1"], { endpoints })).toBe("OK\n");
    const victim = await cluster.leader();
    const others = endpoints.filter((url) => url !== victim.clientUrl);
    await victim.kill();
    await waitFor("a write without the killed leader", () => ctlOk(["put", "k", "v2"], { endpoints: others }));
    expect(await cluster.leader()).not.toBe(victim);
    victim.start();
    await victim.ready();
    expect(await ctlOk(["get", "k", "--print-value-only"], { endpoints: [victim.clientUrl] })).toBe("v2\n");
    await cluster.stop();
    expect(cluster.members.every((member) => member.process.exit !== undefined)).toBe(true);
  });
});

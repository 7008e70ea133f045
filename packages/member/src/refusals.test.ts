import { Backend } from "@quorate/backend";
import { silentLogger, utf8Encode } from "@quorate/base";
import { expect, test } from "vitest";
import { BootError } from "./bootstrap.ts";
import { Node, TestCluster } from "./testing/cluster.ts";

/** Starts a member whose database was changed while it was down. Gives its refusal. */
async function refusalAfter(change: (backend: Backend) => void): Promise<unknown> {
  const cluster = await TestCluster.start(1);
  const member = cluster.node("m1").running;
  await cluster.settle(cluster.put(member, "a", "1"));
  cluster.node("m1").member = undefined;
  await cluster.settle(member.stop());
  const options = {
    clock: cluster.clock,
    logger: silentLogger,
    pageCacheBytesMax: 1024 * 1024,
    batchIntervalMs: 100,
    batchLimit: 1000,
  };
  const backend = await cluster.settle(Backend.open(cluster.node("m1").disk, "/data/member/snap/db", options));
  change(backend);
  await cluster.settle(backend.close());
  return await cluster.boot("m1").catch((error: unknown) => error);
}

test("a damaged row is refused with the file that it is in (D14)", async () => {
  const rows: readonly (readonly [bucket: string, key: string, reason: RegExp])[] = [
    ["key", "of nineteen bytes..", /^\/data\/member\/snap\/db: bucket key: .* \(--data-dir\)$/],
    ["members", "0123456789abcdef", /^\/data\/member\/snap\/db: a row cannot be read: SyntaxError.* \(--data-dir\)$/],
  ];
  for (const [bucket, key, reason] of rows) {
    const refusal = await refusalAfter(({ batch }) => batch.put(utf8Encode(bucket), utf8Encode(key), utf8Encode("{")));
    expect(refusal, bucket).toBeInstanceOf(BootError);
    expect((refusal as Error).message, bucket).toMatch(reason);
  }
});

test("a log with a gap is refused in a line for the operator (D07)", async () => {
  const cluster = new TestCluster({ overrides: { walSegmentBytes: 2048 } });
  cluster.nodes.set("m1", new Node("m1"));
  const member = await cluster.boot("m1");
  await cluster.clock.until(() => member.isLeader);
  for (let i = 0; i < 30; i++) await cluster.settle(cluster.put(member, `k${i}`, "v".repeat(200)));
  cluster.node("m1").member = undefined;
  await cluster.settle(member.stop());
  const { disk } = cluster.node("m1");
  const segments = disk.list("/data/member/wal").filter((name) => name.endsWith(".wal"));
  expect(segments.length).toBeGreaterThan(2);
  disk.remove(`/data/member/wal/${segments[1]}`);
  const refusal = await cluster.boot("m1").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(BootError);
  expect((refusal as Error).message).toMatch(/^\/data\/member\/wal: .* 0000000000000001 is missing \(--data-dir\)$/);
});

import { KvError } from "@quorate/api";
import type { Outcome } from "@quorate/state";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import { aboutToLag, isSwap, lagging, type Lagging, valueAt } from "./testing/lagging.ts";

/** Lets what `m3` has just proposed reach the leader, and nothing reach `m3` from then on. */
async function cutOffAfterSending({ cluster }: Lagging): Promise<void> {
  await cluster.clock.advance(0);
  for (const other of ["m1", "m2"]) cluster.cut(other, "m3");
  await cluster.clock.advance(20);
  cluster.isolate("m3");
}

interface Told<T> {
  value: T | undefined;
  error: unknown;
  atMs: number;
}

function listen<T>(lag: Lagging, promise: Promise<T>): Told<T> {
  const told: Told<T> = { value: undefined, error: undefined, atMs: 0 };
  promise.then(
    (value) => {
      told.value = value;
      told.atMs = lag.cluster.clock.nowMs();
    },
    (error: unknown) => {
      told.error = error;
      told.atMs = lag.cluster.clock.nowMs();
    },
  );
  return told;
}

async function install({ cluster }: Lagging, m3: Member): Promise<void> {
  cluster.heal();
  await cluster.clock.until(() => valueAt(m3, "k59") === "v");
  await cluster.clock.advance(10);
}

describe("what an installed snapshot may hold", () => {
  test("a proposal is answered when it is installed: made or not, its proposer cannot be told which", async () => {
    const lag = await aboutToLag();
    const { cluster } = lag;
    const m3 = cluster.node("m3").running;
    const startedMs = cluster.clock.nowMs();
    const told = listen<Outcome>(lag, cluster.put(m3, "mine", "1"));
    await cutOffAfterSending(lag);
    await lag.missRows();
    expect(told.error).toBeUndefined();
    expect(told.value).toBeUndefined();
    await install(lag, m3);
    expect(valueAt(m3, "mine")).toBe("1");
    expect(told.value).toBeUndefined();
    expect(told.error).toBeInstanceOf(KvError);
    expect(told.error).toMatchObject({ code: "timeout", explanation: expect.stringContaining("by a snapshot") });
    expect(told.atMs - startedMs).toBeLessThan(m3.requestTimeoutMs - 500);
    expect(m3.counters()).toMatchObject({ proposalsFailed: 1, proposalsPending: 0 });
  });

  test("a proposal that came while it was on its way is carried out and answered", async () => {
    const lag = await lagging();
    const { cluster, watched } = lag;
    const m3 = cluster.node("m3").running;
    let told: Told<Outcome> | undefined;
    watched.onStep = (step) => {
      if (!isSwap(step)) return;
      watched.syncMs = 300;
      told = listen<Outcome>(lag, cluster.put(m3, "during", "1"));
    };
    await install(lag, m3);
    watched.syncMs = 0;
    await cluster.clock.advance(1000);
    expect(told?.error).toBeUndefined();
    expect(told?.value).toMatchObject({ kind: "put" });
    expect(valueAt(m3, "during")).toBe("1");
  });

  test("a change of members that it put in force is answered as made", async () => {
    const lag = await aboutToLag();
    const { cluster } = lag;
    const m3 = cluster.node("m3").running;
    await cluster.clock.advance(6000);
    const told = listen(lag, m3.changes.add(["http://m4:2380"], true));
    await cutOffAfterSending(lag);
    await lag.missRows();
    expect(told.value).toBeUndefined();
    await install(lag, m3);
    expect(told.error).toBeUndefined();
    expect(told.value).toMatchObject({ peerUrls: ["http://m4:2380"], isLearner: true });
    expect(m3.machine.membership.list()).toHaveLength(4);
  });
});

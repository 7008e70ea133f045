import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeDisk } from "@quorate/base/conformance";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runOnDescriptor } from "./descriptor-command.ts";
import { NodeClock, NodeDisk, NodeRandom, processFacts } from "./index.ts";

const newDirectory = (): string => mkdtempSync(join(tmpdir(), "quorate-disk-"));

describeDisk("NodeDisk", () => {
  const directory = newDirectory();
  return { disk: new NodeDisk(), directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
});

describe("NodeClock", () => {
  test("runs what wants the next turn in order, and what that wants in the turn after", async () => {
    const clock = new NodeClock();
    const ran: string[] = [];
    clock.nextTurn(() => {
      ran.push("a");
      clock.nextTurn(() => ran.push("c"));
    });
    clock.nextTurn(() => ran.push("b"));
    expect(ran).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(["a", "b"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(["a", "b", "c"]);
  });

  const loopCameBy = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("runs a turn now where it is told to, but none within a turn", async () => {
    const clock = new NodeClock();
    const turns: number[] = [];
    clock.onTurn = (ms) => turns.push(ms);
    const ran: string[] = [];
    clock.nextTurn(() => {
      ran.push("a");
      clock.nextTurn(() => ran.push("c"));
      clock.turnNow();
      ran.push("b");
    });
    clock.turnNow();
    expect(ran).toEqual(["a", "b"]);
    await loopCameBy();
    expect(ran).toEqual(["a", "b", "c"]);
    clock.turnNow();
    expect(turns).toHaveLength(2);
  });

  test("runs one turn each time that the loop comes by, however many ran before", async () => {
    const clock = new NodeClock();
    for (let i = 0; i < 3; i++) {
      clock.nextTurn(() => undefined);
      clock.turnNow();
    }
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 9) clock.nextTurn(again);
    };
    clock.nextTurn(again);
    await loopCameBy();
    expect(count).toBe(1);
    await loopCameBy();
    expect(count).toBe(2);
  });

  test("fires timers that are due with a turn that runs now, in their order and once", async () => {
    const clock = new NodeClock();
    const fired: string[] = [];
    clock.startTimer(2, () => fired.push("two"));
    const third = clock.startTimer(3, () => fired.push("three"));
    clock.startTimer(1, () => {
      fired.push("one");
      third.cancel();
    });
    const late = clock.startTimer(60_000, () => fired.push("late"));
    clock.turnNow();
    expect(fired).toEqual([]);
    for (const endMs = clock.nowMs() + 4; clock.nowMs() < endMs; );
    clock.turnNow();
    expect(fired).toEqual(["one", "two"]);
    await new Promise<void>((resolve) => clock.startTimer(5, resolve));
    clock.turnNow();
    expect(fired).toEqual(["one", "two"]);
    late.cancel();
  });

  test("tells how long turns and timers take, from the first wish for a turn on", async () => {
    const clock = new NodeClock();
    const turns: number[] = [];
    clock.onTurn = (ms) => turns.push(ms);
    const work = (ms: number): void => {
      for (const endMs = performance.now() + ms; performance.now() < endMs; );
    };
    let begunMs: number | undefined;
    const askedMs = clock.nowMs();
    clock.nextTurn(() => {
      begunMs = clock.turnStartedMs;
      work(5);
    });
    work(10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns).toHaveLength(1);
    expect(turns[0]).toBeGreaterThanOrEqual(15);
    expect(begunMs).toBeGreaterThanOrEqual(askedMs);
    expect(begunMs).toBeLessThan(askedMs + 10);
    expect(clock.turnStartedMs).toBeUndefined();
    await new Promise<void>((resolve) => {
      clock.startTimer(1, () => {
        work(3);
        resolve();
      });
    });
    expect(turns).toHaveLength(2);
    expect(turns[1]).toBeGreaterThanOrEqual(3);
  });
});

describe("NodeDisk", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = newDirectory();
    path = join(directory, "f");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true, force: true });
  });

  test("allocates blocks, not holes", async () => {
    vi.spyOn(process.memoryUsage, "rss").mockReturnValue(50 * 2 ** 20);
    const file = new NodeDisk().open(path, "create");
    await file.allocate(1_000_000);
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(1_000_000);
    file.close();
  });

  test("allocates by writing zeros where there is no fallocate", async () => {
    vi.spyOn(process.memoryUsage, "rss").mockReturnValue(50 * 2 ** 20);
    vi.stubEnv("PATH", directory);
    const file = new NodeDisk().open(path, "create");
    file.writeAt(Uint8Array.of(1, 2), 0);
    await file.allocate(2_500_000);
    expect(file.size()).toBe(2_500_000);
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(2_000_000);
    const target = new Uint8Array(4);
    file.readAt(target, 0);
    expect([...target]).toEqual([1, 2, 0, 0]);
    file.close();
  });

  test.each([
    ["small", 50, "asked"],
    ["large: forking it would hold the loop", 500, "not asked"],
  ])("allocates in a process that is %s", async (_, megabytes, command) => {
    vi.spyOn(process.memoryUsage, "rss").mockReturnValue(megabytes * 2 ** 20);
    // A command that does nothing but tell that it ran.
    writeFileSync(join(directory, "fallocate"), `#!/bin/sh\n: >${directory}/asked\n`, { mode: 0o755 });
    vi.stubEnv("PATH", directory);
    const file = new NodeDisk().open(path, "create");
    file.writeAt(Uint8Array.of(1, 2), 0);
    await file.allocate(9_000_000);
    expect(existsSync(join(directory, "asked")) ? "asked" : "not asked").toBe(command);
    if (command === "not asked") {
      expect(file.size()).toBe(9_000_000);
      expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(8_000_000);
    }
    file.close();
  });

  test("says so when there is no flock command, rather than go on without a lock", async () => {
    vi.stubEnv("PATH", directory);
    const disk = new NodeDisk();
    const file = disk.open(path, "create");
    await expect(disk.lock(file)).rejects.toThrow(`lock ${path}: ENOLCK`);
    file.close();
  });

  test("excludes other processes for as long as the file is open", async () => {
    const disk = new NodeDisk();
    const file = disk.open(path, "create");
    expect(await disk.lock(file)).toBeDefined();
    const attempt = (): number | null => spawnSync("flock", ["--nonblock", path, "true"]).status;
    expect(attempt()).toBe(1);
    file.close();
    expect(attempt()).toBe(0);
  });

  test("sees the locks of other processes", async () => {
    const disk = new NodeDisk();
    const file = disk.open(path, "create");
    // The lock stays with this opening after the command has ended.
    const theirs = openSync(path, "r");
    expect(await runOnDescriptor("flock", ["--nonblock", "3"], theirs)).toMatchObject({ code: 0 });
    expect(await disk.lock(file)).toBeUndefined();
    file.close();
  });
});

describe("NodeClock", () => {
  test("never goes back, and knows the date", () => {
    const clock = new NodeClock();
    const first = clock.nowMs();
    expect(clock.nowMs()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(1000);
  });

  test("fires once, never before its time and never from within the call; a cancelled timer never", () => {
    vi.useFakeTimers();
    try {
      const clock = new NodeClock();
      const fired: string[] = [];
      clock.startTimer(0, () => fired.push("zero"));
      clock.startTimer(10.5, () => fired.push("ten"));
      const cancelled = clock.startTimer(5, () => fired.push("cancelled"));
      cancelled.cancel();
      cancelled.cancel();
      expect(fired).toEqual([]);
      vi.advanceTimersByTime(10);
      expect(fired).toEqual(["zero"]);
      vi.advanceTimersByTime(100);
      expect(fired).toEqual(["zero", "ten"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("runs what waits for the next turn after what is queued in this one", async () => {
    const clock = new NodeClock();
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      clock.nextTurn(() => {
        order.push("next turn");
        resolve();
      });
    });
    await Promise.resolve();
    order.push("this turn");
    await done;
    expect(order).toEqual(["this turn", "next turn"]);
  });
});

describe("NodeRandom", () => {
  test("stays below its bound and reaches every value", () => {
    const random = new NodeRandom();
    const seen = new Set(Array.from({ length: 3000 }, () => random.below(7)));
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(random.below(1)).toBe(0);
    expect(() => random.below(0)).toThrow("bound is out of range");
  });

  test("draws 64 bits, all of which vary", () => {
    const random = new NodeRandom();
    let ones = 0n;
    let zeros = 0n;
    for (let i = 0; i < 200; i++) {
      const drawn = random.u64();
      ones |= drawn;
      zeros |= ~drawn;
    }
    expect(BigInt.asUintN(64, ones)).toBe(2n ** 64n - 1n);
    expect(BigInt.asUintN(64, zeros)).toBe(2n ** 64n - 1n);
  });
});

describe.skipIf(process.platform !== "linux")("processFacts", () => {
  test("counts the open descriptors below their limit", () => {
    const before = processFacts();
    const descriptor = openSync("/dev/null", "r");
    const after = processFacts();
    closeSync(descriptor);
    expect((after.openDescriptors ?? 0) - (before.openDescriptors ?? 0)).toBe(1);
    expect(after.descriptorsMax).toBeGreaterThan(after.openDescriptors ?? 0);
  });

  test("tells the address space, which is more than what is resident, and the network's bytes", () => {
    const facts = processFacts();
    expect(facts.virtualBytes).toBeGreaterThan(process.memoryUsage.rss());
    expect(facts.virtualBytesMax).toBeGreaterThanOrEqual(facts.virtualBytes ?? 0);
    expect(facts.receivedBytes).toBeGreaterThanOrEqual(0);
    expect(facts.sentBytes).toBeGreaterThanOrEqual(0);
  });
});

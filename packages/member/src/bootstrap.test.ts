import { SeededRandom, silentLogger, toMemberId } from "@quorate/base";
import { MemoryDisk, VirtualClock } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import { type BirthPlan, planBirth } from "./bootstrap.ts";
import type { ClusterDirectory, MemberOptions, RemoteCluster, RemoteMember } from "./options.ts";

const urlOf = (name: string): string => `http://${name}:2380`;

/** What a member says of its cluster: `names`, of which those in `started` have published themselves. */
function view(names: readonly string[], started: readonly string[]): RemoteCluster {
  const members = names.map((name): RemoteMember => {
    const id = toMemberId(BigInt(name.slice(1)));
    return { id, name: started.includes(name) ? name : "", peerUrls: [urlOf(name)], clientUrls: [], isLearner: false };
  });
  return { clusterId: 7n, members };
}

/** Lets m3 join m1 and m2, of which each answers what `answers` says after so many milliseconds. */
async function join(
  answers: Readonly<Record<string, { readonly afterMs: number; readonly says: RemoteCluster | Error }>>,
): Promise<{ readonly plan: BirthPlan | Error; readonly tookMs: number }> {
  const clock = new VirtualClock();
  const directory: ClusterDirectory = {
    members: async ([url = ""]) => {
      const answer = answers[new URL(url).hostname];
      if (answer === undefined) throw new Error(`${url} is not there`);
      await new Promise<void>((resolve) => clock.startTimer(answer.afterMs, resolve));
      if (answer.says instanceof Error) throw answer.says;
      return answer.says;
    },
    versions: () => Promise.resolve({ server: "3.6.14", cluster: "3.6.0" }),
    sameUrls: ([a], [b]) => Promise.resolve(a === b ? { same: true } : { same: false, reason: `${a} is not ${b}` }),
    promote: () => Promise.reject(new Error("nobody is promoted")),
  };
  const options: Partial<MemberOptions> = {
    name: "m3",
    initialCluster: new Map(["m1", "m2", "m3"].map((name) => [name, [urlOf(name)]])),
    initialClusterState: "existing",
    learnersMax: 1,
    serverVersion: "3.6.14",
  };
  const ports = { clock, random: new SeededRandom(1), disk: new MemoryDisk(), logger: silentLogger, directory };
  let plan: BirthPlan | Error | undefined;
  planBirth(options as MemberOptions, ports).then(
    (planned) => {
      plan = planned;
    },
    (error: unknown) => {
      plan = error as Error;
    },
  );
  await clock.until(() => plan !== undefined);
  return { plan: plan as BirthPlan | Error, tookMs: clock.nowMs() };
}

const messageOf = (plan: BirthPlan | Error): string => (plan instanceof Error ? plan.message : "no refusal");

const current = view(["m1", "m2", "m3"], ["m1", "m2"]);
const stale = view(["m1", "m2"], ["m1", "m2"]);

describe("a member that joins", () => {
  test("goes by the member that knows of it, where another one lags", async () => {
    for (const afterMs of [1, 50]) {
      const { plan } = await join({ m1: { afterMs: 10, says: stale }, m2: { afterMs, says: current } });
      expect(plan).toMatchObject({ kind: "join", memberId: 3n, clusterId: 7n });
    }
  });

  test("is refused when any member knows that it was started before (M24)", async () => {
    const known = view(["m1", "m2", "m3"], ["m1", "m2", "m3"]);
    const { plan } = await join({ m1: { afterMs: 1, says: current }, m2: { afterMs: 500, says: known } });
    expect(messageOf(plan)).toContain("member 3 already started in this cluster; its data is lost");
  });

  test("waits a second, and no longer, for members that do not answer", async () => {
    const slow = { afterMs: 10_000, says: new Error("timeout") };
    const { plan, tookMs } = await join({ m1: slow, m2: { afterMs: 5, says: current } });
    expect(plan).toMatchObject({ kind: "join" });
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(1_100);
  });

  test("tells what does not fit rather than who cannot be reached", async () => {
    const { plan } = await join({ m2: { afterMs: 5, says: stale } });
    expect(messageOf(plan)).toContain("member count is unequal: the cluster has 2, --initial-cluster has 3");
  });

  test("tells why nobody could be asked", async () => {
    const { plan } = await join({});
    expect(messageOf(plan)).toContain("cannot fetch cluster info from peer urls: http://m1:2380 is not there");
  });
});

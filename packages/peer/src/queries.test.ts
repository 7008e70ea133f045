import { toMemberId } from "@quorate/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  fetchDowngradeEnabled,
  fetchHashKv,
  fetchMembers,
  fetchVersion,
  fetchVersions,
  postPromote,
} from "./queries.ts";
import type { TestMember } from "./testing/cluster.ts";
import { MemoryLogger, testCluster } from "./testing/fake-host.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
const known = toMemberId(0xb2n);
let member: TestMember;

beforeEach(async () => {
  member = await scope.start(0xa1n);
});

afterEach(() => scope.close());

describe("queries", () => {
  const logger = new MemoryLogger();
  const options = { timeoutMs: 2_000, logger };

  test("find the members at the first URL that answers, ids in full", async () => {
    const cluster = await fetchMembers([member.url, "http://127.0.0.1:1"], options);
    expect(cluster).toEqual({
      clusterId: testCluster,
      members: [{ id: 161n, peerUrls: [member.url], isLearner: false, name: "n1", clientUrls: [] }],
    });
    await expect(fetchMembers(["http://127.0.0.1:1"], options)).rejects.toThrow(
      "could not retrieve cluster information from the given URLs",
    );
  });

  test("read versions, the downgrade and the hash", async () => {
    const versions = { server: "3.6.0", cluster: "3.6.0", storage: "3.6.0" };
    expect(await fetchVersion(member.url, options)).toEqual(versions);
    expect(await fetchVersions(["http://127.0.0.1:1", member.url], options)).toEqual(versions);
    expect(await fetchVersion("http://127.0.0.1:1", options)).toBeUndefined();
    expect(await fetchDowngradeEnabled([member.url], options)).toBe(false);
    expect(await fetchHashKv([member.url], testCluster, 7, options)).toEqual({ status: 200, body: '{"hash":7}' });
  });

  test("hand on the refusal of a promotion", async () => {
    member.host.promotion = { status: 412, body: "membership: can only promote a learner member" };
    const refusal = { status: 412, body: "membership: can only promote a learner member\n" };
    expect(await postPromote([member.url], known, options)).toEqual(refusal);
    const authorization = "bad";
    expect(await postPromote([member.url], known, { ...options, authorization })).toEqual({
      status: 500,
      body: "no\n",
    });
    expect(await postPromote(["http://127.0.0.1:1"], known, options)).toBeUndefined();
  });
});

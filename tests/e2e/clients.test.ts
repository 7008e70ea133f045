import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { decodeStatusResponse, encodeStatusRequest } from "@quorate/api";
import { Etcd3 } from "etcd3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope, ServerCluster, type ServerMember, waitFor } from "../support/index.ts";
import { bytes, KvClient } from "./support/kv-client.ts";

const scope = new Scope();
afterAll(() => scope.close());

let cluster: ServerCluster;
beforeAll(async () => {
  cluster = await ServerCluster.start(scope, { program: "quorate", flags: ["--enable-v2"] });
});
afterAll(() => cluster.stop());

async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (error: unknown) => error as ServiceError,
  );
}

describe("npm etcd3 against all members", () => {
  let client: Etcd3;
  beforeAll(() => {
    client = new Etcd3({ hosts: cluster.endpoints });
  });
  afterAll(() => client.close());

  test("puts, reads, counts and deletes", async () => {
    await client.put("etcd3/a").value("1");
    const { prev_kv: before } = await client
      .put("etcd3/a")
      .value("2")
      .getPrevious()
      .then((prev_kv) => ({ prev_kv }));
    expect(before.value.toString()).toBe("1");
    expect(await client.get("etcd3/a").string()).toBe("2");
    expect(await client.get("etcd3/none").string()).toBeNull();
    await Promise.all(Array.from({ length: 20 }, (_, i) => client.put(`etcd3/many/${i}`).value(i)));
    expect(Object.keys(await client.getAll().prefix("etcd3/many/").strings())).toHaveLength(20);
    expect(await client.getAll().prefix("etcd3/many/").count()).toBe(20);
    const sorted = await client.getAll().prefix("etcd3/many/").sort("Mod", "Descend").limit(3).keys();
    expect(sorted).toHaveLength(3);
    expect((await client.delete().prefix("etcd3/many/")).deleted).toBe("20");
  });

  test("compares and swaps in a transaction", async () => {
    await client.put("etcd3/guard").value("old");
    const swap = (from: string, to: string) =>
      client.if("etcd3/guard", "Value", "==", from).then(client.put("etcd3/guard").value(to)).commit();
    expect((await swap("old", "new")).succeeded).toBe(true);
    expect((await swap("old", "newer")).succeeded).toBe(false);
    expect(await client.get("etcd3/guard").string()).toBe("new");
  });

  test("lists members, asks for the status, and understands an error", async () => {
    const { members } = await client.cluster.memberList({});
    expect(members.map(({ name }) => name).sort()).toEqual(["m1", "m2", "m3"]);
    const { version, leader } = await client.maintenance.status();
    expect(version).toMatch(/^3\.6\.\d+$/);
    expect(leader).not.toBe("0");
    const failure = await failureOf(client.cluster.memberRemove({ ID: "1234" }));
    expect(failure.message).toBe("5 NOT_FOUND: etcdserver: member not found");
  });
});

describe("@grpc/grpc-js", () => {
  let member: ServerMember;
  let kv: KvClient;
  beforeAll(() => {
    member = cluster.members[1] as ServerMember;
    kv = new KvClient(member.clientUrl);
  });
  afterAll(() => kv.close());

  test("gets the code and text of etcd for what is refused", async () => {
    const key = bytes("k");
    expect(await failureOf(kv.put("", "v"))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "etcdserver: key is not provided",
    });
    expect(await failureOf(kv.range({ key, revision: 1_000_000 }))).toMatchObject({
      code: status.OUT_OF_RANGE,
      details: "etcdserver: mvcc: required revision is a future revision",
    });
    const twice = { key, value: key };
    expect(await failureOf(kv.putAll([twice, twice]))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "etcdserver: duplicate key given in txn request",
    });
    const puts = Array.from({ length: 129 }, (_, i) => ({ key: bytes(`k${i}`), value: key }));
    expect(await failureOf(kv.putAll(puts))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "etcdserver: too many operations in txn request",
    });
    expect(await failureOf(kv.call("/etcdserverpb.KV/Nothing", key, String))).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: "unknown method Nothing for service etcdserverpb.KV",
    });
    expect(await failureOf(kv.call("/no.Such/Service", key, String))).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: "unknown service no.Such",
    });
    expect(await failureOf(kv.call("/etcdserverpb.KV/Put", new Uint8Array(3_000_000), String))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
  });

  test("keeps a thousand calls in flight on one connection", async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => kv.put(`flight/${i}`, `${i}`)));
    const revisions = new Set(answers.map(({ header }) => header?.revision));
    expect(revisions.size).toBe(1_000);
    expect((await kv.below("flight/")).size).toBe(1_000);
  });

  test("a client that demands a leader is told when there is none", async () => {
    const lonely = await ServerCluster.start(scope, { program: "quorate", members: 2 });
    const [left, killed] = lonely.members as [ServerMember, ServerMember];
    await killed.kill();
    const asker = new Client(left.clientUrl.replace("http://", ""), credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set("hasleader", "true");
    const ask = (method: string, timeoutMs: number): Promise<ServiceError> =>
      new Promise((resolve, reject) => {
        const deadline = { deadline: Date.now() + timeoutMs };
        const raw = (body: Buffer): Buffer => body;
        asker.makeUnaryRequest(method, raw, raw, Buffer.from([10, 1, 107]), metadata, deadline, (error) => {
          if (error === null) reject(new Error("the call was to fail"));
          else resolve(error);
        });
      });
    const refused = await waitFor("the loss of the leader", async () => {
      const error = await ask("/etcdserverpb.KV/Range", 2_000);
      return error.details === "etcdserver: no leader" ? error : undefined;
    });
    expect(refused.code).toBe(status.UNAVAILABLE);
    asker.close();
    const health = await fetch(`${left.clientUrl}/health`);
    expect([health.status, await health.text()]).toEqual([503, '{"health":"false","reason":"RAFT NO LEADER"}\n']);
    expect((await fetch(`${left.clientUrl}/livez`)).status).toBe(200);
    await lonely.stop();
  });
});

describe("HTTP on the client port", () => {
  const at = (path: string, init?: RequestInit): Promise<Response> => fetch(`${cluster.endpoints[0]}${path}`, init);

  test("/version names the etcd we are", async () => {
    const response = await at("/version");
    expect(response.headers.get("content-type")).toBe("application/json");
    const body = await response.text();
    expect(body).toMatch(/^\{"etcdserver":"3\.6\.\d+","etcdcluster":"3\.6\.0","storage":"3\.6\.0"\}$/);
    const posted = await at("/version", { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET"]);
  });

  test("/health, /livez and /readyz say that all is well", async () => {
    expect(await (await at("/health")).text()).toBe('{"health":"true","reason":""}');
    expect(await (await at("/health?serializable=true")).text()).toBe('{"health":"true","reason":""}');
    for (const path of ["/livez", "/readyz", "/readyz/linearizable_read", "/livez/serializable_read"]) {
      const response = await at(path);
      expect([path, response.status, await response.text()]).toEqual([path, 200, "ok\n"]);
    }
    const lines = (await (await at("/readyz?verbose")).text()).trimEnd().split("\n");
    expect(lines.pop()).toBe("ok");
    const checks = ["data_corruption", "linearizable_read", "non_learner", "serializable_read"];
    expect(lines.sort()).toEqual(checks.map((check) => `[+]${check} ok`));
    expect((await at("/readyz/no-such-check")).status).toBe(404);
    expect((await at("/no-such-path")).status).toBe(404);
  });

  test("/metrics has what etcd's dashboard and alerts read of a member that exists so far", async () => {
    const response = await at("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    const value = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+-]+)$`, "m").exec(text)?.[1]);
    expect(value("etcd_server_has_leader")).toBe(1);
    expect(value("etcd_server_leader_changes_seen_total")).toBeGreaterThanOrEqual(1);
    expect(value("etcd_server_proposals_committed_total")).toBeGreaterThan(1_000);
    expect(value("etcd_server_proposals_applied_total")).toBeGreaterThan(1_000);
    expect(value("etcd_server_proposals_failed_total")).toBe(0);
    expect(value("etcd_server_quota_backend_bytes")).toBe(2_147_483_648);
    expect(value("etcd_mvcc_db_total_size_in_bytes")).toBeGreaterThan(0);
    expect(value("etcd_mvcc_db_total_size_in_use_in_bytes")).toBeGreaterThan(0);
    expect(value("etcd_network_client_grpc_received_bytes_total")).toBeGreaterThan(0);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(text).toMatch(/^etcd_disk_wal_fsync_duration_seconds_bucket\{le="0\.001"\} \d+$/m);
    const put = 'grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
    expect(text).toMatch(new RegExp(`^grpc_server_handled_total\\{${put}\\} \\d`, "m"));
  });
});

describe("Maintenance.Status", () => {
  test("speaks for the contacted member", async () => {
    const answers = await Promise.all(
      cluster.members.map(async ({ clientUrl }) => {
        const client = new KvClient(clientUrl);
        const answer = await client.call(
          "/etcdserverpb.Maintenance/Status",
          encodeStatusRequest({}),
          decodeStatusResponse,
        );
        client.close();
        return answer;
      }),
    );
    expect(new Set(answers.map(({ header }) => header?.memberId)).size).toBe(3);
    expect(new Set(answers.map(({ leader }) => leader)).size).toBe(1);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        storageVersion: "3.6.0",
        dbSizeQuota: 2_147_483_648,
        isLearner: false,
        errors: [],
      });
      expect(answer.dbSize).toBeGreaterThanOrEqual(answer.dbSizeInUse);
      expect(answer.raftIndex).toBeGreaterThanOrEqual(answer.raftAppliedIndex);
    }
  });
});

import { connect } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fetchMembers } from "./queries.ts";
import { Certificates } from "./testing/certificates.ts";
import { introduce, startMember, type TestMember, untilStreaming } from "./testing/cluster.ts";
import { MemoryLogger } from "./testing/fake-host.ts";
import { messageWith } from "./testing/messages.ts";
import type { PeerTls, TlsMaterial } from "./tls.ts";

let certificates: Certificates;
const started: TestMember[] = [];

beforeAll(() => {
  certificates = new Certificates();
  certificates.authority("ca");
  certificates.authority("other-ca");
  certificates.certificate("good", "ca", "peer", "IP:127.0.0.1,DNS:localhost");
  certificates.certificate("renewed", "ca", "peer", "IP:127.0.0.1");
  certificates.certificate("elsewhere", "ca", "peer", "IP:10.1.2.3");
  certificates.certificate("stranger", "other-ca", "peer", "IP:127.0.0.1");
  certificates.certificate("unnamed", "ca", "somebody", "");
});

afterEach(() => Promise.all(started.splice(0).map(({ transport }) => transport.close())));
afterAll(() => certificates.remove());

const materialOf = (name: string, ca = "ca"): TlsMaterial => certificates.material(name, ca);
const pem = (file: string): string => certificates.read(file);

function tlsOf(name: string, rest: Partial<PeerTls> = {}): PeerTls {
  const material = materialOf(name);
  return { material: () => material, clientCertAuth: true, ...rest };
}

async function start(id: bigint, tls: PeerTls): Promise<TestMember> {
  const member = await startMember(id, { tls });
  started.push(member);
  return member;
}

/** The answer of a member to a client with these settings: the members, or an error. */
const asks = (url: string, tls: PeerTls): Promise<unknown> =>
  fetchMembers([url], { tls, timeoutMs: 3_000, logger: new MemoryLogger() });

test("members with certificates of one authority talk over TLS in both directions", async () => {
  const [a, b] = [await start(0xa1n, tlsOf("good")), await start(0xb2n, tlsOf("good"))];
  expect(a.url).toMatch(/^https:/);
  introduce([a, b]);
  await untilStreaming([a, b]);
  const database = new Uint8Array(2_000_000).fill(3);
  a.transport.sendSnapshot(
    messageWith({
      type: 7,
      from: a.host.memberId,
      to: b.host.memberId,
      snapshot: {
        data: new Uint8Array(0),
        metadata: {
          index: 9,
          term: 1,
          confState: { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
        },
      },
    }),
    { size: database.length, chunks: () => [database], close: () => undefined },
  );
  b.transport.send([messageWith({ type: 8, from: b.host.memberId, to: a.host.memberId, term: 5 })]);
  await a.host.until(() => a.host.received.length === 1 && a.host.snapshots.length === 1);
  expect(a.host.snapshots[0]?.ok).toBe(true);
  expect(b.host.databases.get(9)?.length).toBe(database.length);
});

test("a client without a certificate, or with one of another authority, is refused", async () => {
  const { url } = await start(0xa1n, tlsOf("good"));
  const port = Number(new URL(url).port);
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca: pem("ca.pem") });
    socket.on("secureConnect", () => socket.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n"));
    socket.on("data", () => resolve("answered"));
    socket.on("error", () => resolve("refused"));
    socket.on("close", () => resolve("refused"));
  });
  expect(outcome).toBe("refused");
  await expect(asks(url, tlsOf("stranger"))).rejects.toThrow();
  await expect(asks(url, tlsOf("good"))).resolves.toBeDefined();
});

test("a server whose certificate is for another address or of another authority is not trusted", async () => {
  const elsewhere = await start(0xa1n, tlsOf("elsewhere"));
  await expect(asks(elsewhere.url, tlsOf("good"))).rejects.toThrow();
  await expect(asks(elsewhere.url, tlsOf("good", { skipServerVerification: true }))).resolves.toBeDefined();
  const stranger = await start(0xb2n, { ...tlsOf("stranger"), material: () => materialOf("stranger", "ca") });
  await expect(asks(stranger.url, tlsOf("good"))).rejects.toThrow();
});

test("a client's certificate must name the address it comes from, unless it names none or nobody asks", async () => {
  const { url, logger } = await start(0xa1n, tlsOf("good"));
  await expect(asks(url, tlsOf("elsewhere"))).rejects.toThrow();
  expect(logger.lines.map(({ fields }) => fields?.["error"])).toContainEqual(
    expect.stringContaining("does not match any of"),
  );
  await expect(asks(url, tlsOf("unnamed"))).resolves.toBeDefined();
  const lenient = await start(0xb2n, tlsOf("good", { skipClientSanVerification: true }));
  await expect(asks(lenient.url, tlsOf("elsewhere"))).resolves.toBeDefined();
});

test("the common name and the host name must be the allowed ones, on both sides", async () => {
  const named = await start(0xa1n, tlsOf("good", { allowedCn: "peer" }));
  await expect(asks(named.url, tlsOf("good", { allowedCn: "peer" }))).resolves.toBeDefined();
  await expect(asks(named.url, tlsOf("unnamed"))).rejects.toThrow();
  await expect(asks(named.url, tlsOf("good", { allowedCn: "other" }))).rejects.toThrow();
  const host = await start(0xb2n, tlsOf("good", { allowedHostname: "localhost" }));
  await expect(asks(host.url, tlsOf("good"))).resolves.toBeDefined();
  await expect(asks(host.url, tlsOf("renewed"))).rejects.toThrow();
});

test("a renewed certificate counts from the next connection on", async () => {
  let material = materialOf("elsewhere");
  const { url } = await start(0xa1n, { material: () => material, clientCertAuth: true });
  await expect(asks(url, tlsOf("good"))).rejects.toThrow();
  material = materialOf("renewed");
  await expect(asks(url, tlsOf("good"))).resolves.toBeDefined();
});

test("TLS below 1.2 is not spoken", async () => {
  const { url } = await start(0xa1n, tlsOf("good"));
  const error = await new Promise<unknown>((resolve) => {
    const socket = connect({
      port: Number(new URL(url).port),
      host: "127.0.0.1",
      ca: pem("ca.pem"),
      cert: pem("good.pem"),
      key: pem("good.key"),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    socket.on("secureConnect", () => resolve(undefined));
    socket.on("error", resolve);
  });
  expect(error).toBeInstanceOf(Error);
});

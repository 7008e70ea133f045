/** gRPC's interop cases and h2spec, with the real programs on the other side. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient, GrpcServer } from "@quorate/grpc";
import { interopCases } from "./interop-client.ts";
import { findPeer, freePort, makeCertificate, run, startServer } from "./peers.ts";
import { addTestService } from "./test-service.ts";

const goClient = findPeer("grpc-interop-client");
const goServer = findPeer("grpc-interop-server");
const h2spec = findPeer("h2spec");
const certificate = makeCertificate();
const cases = [...interopCases.keys()];

let server: GrpcServer;
let port = 0;
let tlsPort = 0;

beforeAll(async () => {
  server = new GrpcServer({ receiveMessageBytesMax: 16 * 1024 * 1024 });
  addTestService(server);
  const plain = await server.listen({ port: 0, host: "127.0.0.1" });
  port = (plain.address() as AddressInfo).port;
  if (certificate === undefined) return;
  const secrets = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
  const secure = await server.listenTls({ port: 0, host: "127.0.0.1" }, secrets);
  tlsPort = (secure.address() as AddressInfo).port;
});

afterAll(() => server.close({ graceMs: 500 }));

describe.skipIf(goClient === undefined)("Go's interop client against our server", () => {
  const plain = (name: string): string[] => [
    "-server_host",
    "127.0.0.1",
    "-server_port",
    `${port}`,
    "-test_case",
    name,
  ];

  test.each(cases)("%s", async (name) => {
    const result = await run(goClient as string, plain(name), 20_000);
    expect(result.output).not.toContain("FATAL");
    expect(result.code).toBe(0);
  });

  test.skipIf(certificate === undefined).each(cases)("%s over TLS", async (name) => {
    const secure = ["-use_tls", "-use_test_ca", "-ca_file", certificate?.cert ?? ""];
    const target = ["-server_host", "localhost", "-server_port", `${tlsPort}`, "-test_case", name];
    const result = await run(goClient as string, [...target, ...secure], 20_000);
    expect(result.output).not.toContain("FATAL");
    expect(result.code).toBe(0);
  });
});

describe.skipIf(goServer === undefined)("our client against Go's interop server", () => {
  let process: ChildProcess | undefined;
  let secureProcess: ChildProcess | undefined;
  let client: GrpcClient;
  let secureClient: GrpcClient;

  beforeAll(async () => {
    const goPort = await freePort();
    process = await startServer(goServer as string, ["-port", `${goPort}`], goPort);
    client = new GrpcClient({ target: { host: "127.0.0.1", port: goPort } });
    if (certificate === undefined) return;
    const secrets = ["-use_tls", "-tls_cert_file", certificate.cert, "-tls_key_file", certificate.key];
    const securePort = await freePort();
    secureProcess = await startServer(goServer as string, ["-port", `${securePort}`, ...secrets], securePort);
    const tls = { ca: readFileSync(certificate.cert), servername: "localhost" };
    secureClient = new GrpcClient({ target: { host: "127.0.0.1", port: securePort }, tls });
  });

  afterAll(async () => {
    await client.close();
    await secureClient?.close();
    process?.kill("SIGKILL");
    secureProcess?.kill("SIGKILL");
  });

  test.each(cases)("%s", async (name) => {
    await interopCases.get(name)?.(client);
  });

  test.skipIf(certificate === undefined).each(cases)("%s over TLS", async (name) => {
    await interopCases.get(name)?.(secureClient);
  });
});

describe("our client against our server", () => {
  let client: GrpcClient;

  beforeAll(() => {
    client = new GrpcClient({ target: { host: "127.0.0.1", port } });
  });

  afterAll(() => client.close());

  test.each(cases)("%s", async (name) => {
    await interopCases.get(name)?.(client);
  });
});

describe.skipIf(h2spec === undefined)("h2spec", () => {
  const clean = /145 tests, 145 passed, 0 skipped, 0 failed/;

  test("all 145 cases pass without TLS", async () => {
    const result = await run(h2spec as string, ["-h", "127.0.0.1", "-p", `${port}`], 50_000);
    expect(result.output).toMatch(clean);
    expect(result.code).toBe(0);
  });

  test.skipIf(certificate === undefined)("all 145 cases pass over TLS", async () => {
    const result = await run(h2spec as string, ["-h", "127.0.0.1", "-p", `${tlsPort}`, "-t", "-k"], 50_000);
    expect(result.output).toMatch(clean);
    expect(result.code).toBe(0);
  });
});

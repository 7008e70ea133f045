/**
 * Serves `grpc.testing.TestService` on our engine, for gRPC's interop clients and for h2spec.
 *
 *   interop-server --port N [--tls-cert FILE --tls-key FILE]
 *
 * Prints one line when it listens. Port 0 takes a free one.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { GrpcServer } from "@quorate/grpc";
import { addTestService } from "./test-service.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "10000" },
    host: { type: "string" },
    "tls-cert": { type: "string" },
    "tls-key": { type: "string" },
  },
});

const server = new GrpcServer({ receiveMessageBytesMax: 16 * 1024 * 1024 });
addTestService(server);

const address = { port: Number(values.port), ...(values.host === undefined ? {} : { host: values.host }) };
const cert = values["tls-cert"];
const key = values["tls-key"];
const listener =
  cert !== undefined && key !== undefined
    ? await server.listenTls(address, { cert: readFileSync(cert), key: readFileSync(key) })
    : await server.listen(address);
console.log(`listening on port ${(listener.address() as AddressInfo).port}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await server.close({ graceMs: 1000 });
process.exit(0);

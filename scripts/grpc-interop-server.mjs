// npm run --silent grpc-interop-server -- --port N: serves gRPC's interop tests on our engine.
import { becomeProgram } from "./lib/program.mjs";

await becomeProgram("tests/interop/grpc/interop-server.ts", process.argv.slice(2));

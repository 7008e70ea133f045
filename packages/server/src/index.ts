export * from "./flags/index.ts";
export { runServer } from "./run-server.ts";
export { QuorateServer } from "./server.ts";

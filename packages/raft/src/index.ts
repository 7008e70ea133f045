export * from "./types.ts";
export * from "./codec/index.ts";

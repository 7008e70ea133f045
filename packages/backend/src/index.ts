export { Backend } from "./backend.ts";
export { Bucket } from "./bucket.ts";
export { check, type Problem } from "./check.ts";
export { BackendLockedError } from "./lock.ts";
export * from "./types.ts";
export type { BackendSnapshot } from "./snapshot.ts";

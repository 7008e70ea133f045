export { Backend } from "./backend.ts";
export { Bucket } from "./bucket.ts";
export { BackendLockedError } from "./lock.ts";
export * from "./types.ts";

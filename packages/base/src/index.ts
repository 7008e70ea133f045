export * from "./bytes.ts";
export * from "./crc32c.ts";
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./ports.ts";
export * from "./random.ts";
export * from "./slice.ts";
export * from "./sparse-bytes.ts";

export * from "./memory-disk.ts";
export * from "./memory-file.ts";
export * from "./virtual-clock.ts";

export * from "./node-clock.ts";
export * from "./node-disk.ts";
export * from "./node-random.ts";
export * from "./process-facts.ts";
export * from "./small-files.ts";

export * from "./node-clock.ts";
export * from "./node-disk.ts";
export * from "./node-random.ts";
export * from "./small-files.ts";

/** The machines that try to break the production code: simulator, crash explorer, judges of histories. */
export * from "./crash/index.ts";
export * from "./history/index.ts";
export * from "./world/index.ts";

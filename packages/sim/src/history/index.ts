export * from "./operation.ts";
export * from "./recorder.ts";
export * from "./verdict.ts";

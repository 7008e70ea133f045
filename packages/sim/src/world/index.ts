export { drive } from "./drive.ts";
export { drawPlan, faultKinds, type Plan, type RunRequest } from "./plan.ts";
export { type Driven, type RunResult, SeedRun } from "./run.ts";

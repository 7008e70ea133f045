export { type CheckOptions, checkHistory, type Judge } from "./check.ts";
export { type Breakage, breakages, breakHistory } from "./generate/break-history.ts";
export { type GenerateOptions, generateHistory } from "./generate/generate-history.ts";
export { HistoryFormatError } from "./json-fields.ts";
export { formatHistory, parseHistory, type RecordedHistory } from "./json-lines.ts";
export * from "./operation.ts";
export * from "./recorder.ts";
export * from "./verdict.ts";

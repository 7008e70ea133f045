export { ChunkBuilder } from "./chunk-builder.ts";

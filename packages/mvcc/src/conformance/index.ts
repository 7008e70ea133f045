export { MemoryMeta, MemoryRows } from "./memory-rows.ts";
export { describeRowStore, type StoreUnderTest } from "./row-store.ts";

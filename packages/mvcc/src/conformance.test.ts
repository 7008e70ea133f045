import { describeRowStore, MemoryMeta, MemoryRows } from "./conformance/index.ts";

describeRowStore("the fake in memory", () => ({ rows: new MemoryRows(), meta: new MemoryMeta() }));

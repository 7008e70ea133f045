export { runCtl } from "./ctl/main.ts";
export { CommandError, Exit, type Io } from "./io.ts";
export { exitWhenFlushed, nodeIo } from "./node-io.ts";
export { runUtl } from "./utl/main.ts";

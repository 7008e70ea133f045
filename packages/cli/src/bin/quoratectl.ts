import { grpcConnect } from "@quorate/client";
import { runCtl } from "../ctl/main.ts";
import { exitWhenFlushed, nodeIo } from "../node-io.ts";

exitWhenFlushed(await runCtl(process.argv.slice(2), nodeIo(grpcConnect)));

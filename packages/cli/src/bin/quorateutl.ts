import { grpcConnect } from "@quorate/client";
import { NodeDisk } from "@quorate/platform";
import { exitWhenFlushed, nodeIo } from "../node-io.ts";
import { runUtl } from "../utl/main.ts";

exitWhenFlushed(await runUtl(process.argv.slice(2), nodeIo(grpcConnect), new NodeDisk()));

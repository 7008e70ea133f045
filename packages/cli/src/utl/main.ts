/** quorateutl: works on the files of a member that does not run. */
import type { Disk } from "@quorate/base";
import { Exit, type Io } from "../io.ts";
import { runTool, type Tool } from "../tool.ts";
import { etcdVersion, etcdVersionLine, quorateVersion } from "../version.ts";
import type { UtlCommand, UtlContext } from "./context.ts";
import { snapshotCommands } from "./snapshot-status.ts";
import { walCommands } from "./wal-dump.ts";

const version: UtlCommand = {
  path: ["version"],
  usage: "",
  help: "Prints the version",
  options: [],
  async run(c) {
    c.io.out(`etcdutl version: ${etcdVersion}\nAPI version: ${etcdVersionLine}\nQuorate version: ${quorateVersion}\n`);
    return Exit.success;
  },
};

/** Runs one invocation of quorateutl. `args` are those behind the program's name. Returns the exit status. */
export function runUtl(args: readonly string[], io: Io, disk: Disk): Promise<number> {
  const tool: Tool<UtlContext> = {
    name: "quorateutl",
    summary: "Reads and checks the files of a member that does not run.",
    note: "",
    commands: [...snapshotCommands, ...walCommands, version],
    options: [
      {
        name: "write-out",
        letter: "w",
        kind: "string",
        fallback: "simple",
        help: "Form of output: simple, json, fields, table",
      },
    ],
    prepare: (own, options, words) => ({ io: own, options, args: words, disk }),
    release: async () => undefined,
  };
  return runTool(tool, args, io);
}

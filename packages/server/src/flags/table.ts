import { define, type FlagDefinition } from "./definition.ts";
import { memberFlags } from "./table-member.ts";
import { olderFlags } from "./table-older.ts";
import { serviceFlags } from "./table-service.ts";

/** Flags that say what to do instead of how. */
const commandFlags: readonly FlagDefinition[] = define("Member", [
  [
    "config-file",
    "string",
    "",
    "Read the configuration from this file; all other flags and variables are then ignored.",
  ],
  ["version", "bool", "false", "Print the version and exit."],
]);

/** All flags of the server, in the order of the help text. */
export const serverFlags: readonly FlagDefinition[] = [...memberFlags, ...commandFlags, ...serviceFlags, ...olderFlags];

const byName: ReadonlyMap<string, FlagDefinition> = new Map(serverFlags.map((flag) => [flag.name, flag]));

export function findFlag(name: string): FlagDefinition | undefined {
  return byName.get(name);
}

/** The variable that gives a flag: `--data-dir` is `ETCD_DATA_DIR`. */
export function variableOf(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

import type { FlagDefinition, FlagGroup } from "./definition.ts";
import { serverFlags } from "./table.ts";

/** What goes to stderr behind a command line that cannot be read; the first lines are etcd's, for scripts. */
export const usageText = `Usage:

  etcd [flags]
    Start a member.

  etcd --version
    Print the version.

  etcd -h | --help
    Explain all flags.

  etcd --config-file FILE
    Read the configuration from a file; other flags and variables are then ignored.
    Durations in it are whole nanoseconds.

  quorate dev
    Start a cluster of three members on this machine.
`;

const groups: readonly FlagGroup[] = [
  "Member",
  "Clustering",
  "Security",
  "Auth",
  "Profiling and Monitoring",
  "Logging",
  "Distributed tracing",
  "Features",
  "Unsafe feature",
];

function entry(flag: FlagDefinition): string {
  const quoted = flag.kind === "int" || flag.kind === "uint" || flag.kind === "uint32" || flag.kind === "bool";
  const fallback = quoted ? flag.fallback : `'${flag.fallback}'`;
  const choices = flag.choices === undefined ? "" : ` One of: ${flag.choices.join(", ")}.`;
  return `  --${flag.name} ${fallback}\n    ${flag.help}${choices}`;
}

/** The text of `--help`: every flag with its default, by group. Older names are accepted but not listed. */
export function helpText(): string {
  const parts = groups.map((group) => {
    const flags = serverFlags.filter((flag) => flag.group === group);
    return `${group}:\n${flags.map(entry).join("\n")}\n`;
  });
  return `${parts.join("\n")}\nEach flag can be given as a variable: --data-dir as ETCD_DATA_DIR.\n`;
}

/** What a flag is: shared by the tables of flags, the parser, the help text and the configuration file. */

export type FlagKind =
  | "string"
  | "bool"
  /** 64-bit signed. */
  | "int"
  /** 64-bit unsigned. */
  | "uint"
  /** 32-bit unsigned; its error text differs. */
  | "uint32"
  /** Go syntax; held in milliseconds. */
  | "duration"
  /** Comma-separated URLs of listeners or members. */
  | "urls"
  /** Comma-separated words. */
  | "strings"
  /** `Name=true,Other=false`. */
  | "gates"
  /** A flag of an older etcd that takes anything and does nothing. */
  | "ignored";

export type FlagGroup =
  | "Member"
  | "Clustering"
  | "Security"
  | "Auth"
  | "Profiling and Monitoring"
  | "Logging"
  | "Distributed tracing"
  | "Features"
  | "Unsafe feature"
  | "Older names";

export interface FlagDefinition {
  readonly name: string;
  readonly kind: FlagKind;
  /** As it would be typed. */
  readonly fallback: string;
  readonly group: FlagGroup;
  readonly help: string;
  /** The only words allowed. */
  readonly choices?: readonly string[];
  /** The flag whose place this older name takes; giving both is refused. */
  readonly replacement?: string;
  /** The feature gate whose place this older name takes; giving both is refused. */
  readonly gate?: string;
  /** What etcd logs when the flag is given. */
  readonly deprecation?: string;
}

/** What may be said of a flag beyond name, kind, default and help. */
export type FlagExtra = Partial<Pick<FlagDefinition, "choices" | "replacement" | "gate" | "deprecation">>;

/** One row of a table of flags. */
export type FlagRow = readonly [name: string, kind: FlagKind, fallback: string, help: string, extra?: FlagExtra];

/** Turns the rows of one group into definitions. */
export function define(group: FlagGroup, rows: readonly FlagRow[]): FlagDefinition[] {
  return rows.map(([name, kind, fallback, help, extra]) => ({ name, kind, fallback, group, help, ...extra }));
}

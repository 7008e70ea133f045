import type { Disk } from "@quorate/base";
import { CommandError, Exit, type Io } from "../io.ts";
import type { Options } from "../pflag.ts";
import type { Command } from "../tool.ts";

/** The forms that `--write-out` knows. */
export type Form = "simple" | "json" | "fields" | "table" | "protobuf";

const forms: readonly string[] = ["simple", "json", "fields", "table", "protobuf"];

/** One invocation of quorateutl, which works on files. */
export interface UtlContext {
  readonly io: Io;
  readonly options: Options;
  readonly args: readonly string[];
  readonly disk: Disk;
}

export type UtlCommand = Command<UtlContext>;

/** @throws CommandError when there is no such form. */
export function formOf(context: UtlContext): Form {
  const form = context.options.string("write-out");
  if (!forms.includes(form)) throw new CommandError(Exit.badFeature, "unsupported output format");
  return form as Form;
}

/** The one argument of a command. */
export function soleArgument(context: UtlContext, message: string): string {
  const [path, ...rest] = context.args;
  if (path === undefined || rest.length > 0) throw new CommandError(Exit.badArgs, message);
  return path;
}

/** Says that a file must be there. */
export function requireFile(context: UtlContext, path: string): void {
  if (context.disk.info(path) === undefined) {
    throw new CommandError(Exit.error, `stat ${path}: no such file or directory`);
  }
}

import type { Option } from "../pflag.ts";
import type { Context } from "./context.ts";

/** One command of the tool. */
export interface Command {
  /** Words that name it, as `member add`. */
  readonly path: readonly string[];
  /** Another last word for the same. */
  readonly alias?: string;
  /** What follows the words in the usage line. */
  readonly usage: string;
  readonly help: string;
  readonly options: readonly Option[];
  /** Returns the exit status; throws `CommandError` for the others. */
  run(context: Context): Promise<number>;
}

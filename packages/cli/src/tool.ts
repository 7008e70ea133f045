/** What the tools have in common: words find a command, flags are parsed, errors become a line and a status. */
import { CommandError, Exit, type Io } from "./io.ts";
import { type Option, Options, parseOptions, UsageError } from "./pflag.ts";
import { findCommand, helpFor } from "./tool-help.ts";

/** A command as help shows it. */
export interface CommandShape {
  /** Words that name it, as `member add`. */
  readonly path: readonly string[];
  /** Another last word for the same. */
  readonly alias?: string;
  /** What follows the words in the usage line. */
  readonly usage: string;
  readonly help: string;
  readonly options: readonly Option[];
}

/** One command of a tool. */
export interface Command<C> extends CommandShape {
  /** Returns the exit status; throws `CommandError` for the others. */
  run(context: C): Promise<number>;
}

/** A tool as help shows it. */
export interface ToolShape<T extends CommandShape> {
  readonly name: string;
  readonly summary: string;
  /** The last lines of the overview. */
  readonly note: string;
  readonly commands: readonly T[];
  /** Options of every command. */
  readonly options: readonly Option[];
}

/** A tool. */
export interface Tool<C> extends ToolShape<Command<C>> {
  /** Makes what commands get, after the flags were parsed. */
  prepare(io: Io, options: Options, words: readonly string[]): C;
  /** Lets go of what `prepare` and the command opened. */
  release(context: C): Promise<void>;
}

const help: Option = { name: "help", letter: "h", kind: "bool", fallback: "false", help: "Explain the command" };

async function runCommand<C>(tool: Tool<C>, command: Command<C>, args: readonly string[], io: Io): Promise<number> {
  const options = new Options([...tool.options, ...command.options, help]);
  let words: string[];
  try {
    words = parseOptions(args, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.out(helpFor(command, tool));
    io.err(`Error: ${error.message}\n\n`);
    return Exit.error;
  }
  if (options.bool("help")) {
    io.out(helpFor(command, tool));
    return Exit.success;
  }
  const context = tool.prepare(io, options, words);
  try {
    return await command.run(context);
  } finally {
    await tool.release(context);
  }
}

/** Runs one invocation. `args` are those behind the program's name. Returns the exit status. */
export async function runTool<C>(tool: Tool<C>, args: readonly string[], io: Io): Promise<number> {
  try {
    const found = findCommand(args, { ...tool, options: [...tool.options, help] });
    if (found.kind === "help") {
      io.out(found.text);
      return Exit.success;
    }
    if (found.kind === "unknown") {
      const command = JSON.stringify(found.word);
      io.err(`Error: unknown command ${command} for "${tool.name}"\nRun '${tool.name} --help' for usage.\n`);
      return Exit.error;
    }
    return await runCommand(tool, found.command, found.args, io);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.message !== "") io.err(`Error: ${error.message}\n`);
    if (error.explanation !== undefined) io.err(`${error.explanation}\n`);
    return error.exitCode;
  }
}

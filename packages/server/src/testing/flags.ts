import type { ServerConfig } from "../flags/config.ts";
import { loadServerConfig } from "../flags/load.ts";
import type { ServerCommand } from "../flags/outcome.ts";

/** Names and values, of variables or of files. */
type Variables = Readonly<Record<string, string>>;

/** Reads a command line as the server does, in a world of these variables and files alone. */
export function load(args: readonly string[], variables: Variables = {}, files: Variables = {}): ServerCommand {
  return loadServerConfig(args, {
    variables,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`);
      return text;
    },
    fileProblem: (path) => (files[path] === undefined ? `open ${path}: no such file or directory` : undefined),
  });
}

/** The configuration of a command line that is taken. */
export function config(args: readonly string[], variables: Variables = {}, files: Variables = {}): ServerConfig {
  const command = load(args, variables, files);
  if (command.kind !== "serve") throw new Error(JSON.stringify(command));
  return command.config;
}

/** The first problem of a command line that is refused: text, exit code and flag. */
export function refusal(
  args: readonly string[],
  variables: Variables = {},
  files: Variables = {},
): [string, number, string] {
  const command = load(args, variables, files);
  if (command.kind !== "refused") throw new Error(`not refused: ${command.kind}`);
  const problem = command.problems[0];
  return [problem?.message ?? "", command.exitCode, problem?.flag ?? ""];
}

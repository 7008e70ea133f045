import type { Option } from "./pflag.ts";
import type { CommandShape, ToolShape } from "./tool.ts";
import { etcdVersion, etcdVersionLine } from "./version.ts";

/** What the words of a command line ask for. */
export type Found<T> =
  | { readonly kind: "command"; readonly command: T; readonly args: readonly string[] }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "unknown"; readonly word: string };

/** Tells whether a flag takes the next word as its value. */
function takesNext(arg: string, options: readonly Option[]): boolean {
  if (arg.includes("=")) return false;
  if (arg.startsWith("--")) return options.some((option) => `--${option.name}` === arg && option.kind !== "bool");
  return arg.length === 2 && options.some((option) => `-${option.letter}` === arg && option.kind !== "bool");
}

/** Positions of the words that are neither flags nor their values. */
function wordsAt(args: readonly string[], options: readonly Option[]): number[] {
  const words: number[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === "--") break;
    if (arg.startsWith("-") && arg.length > 1) {
      if (takesNext(arg, options)) at += 1;
    } else words.push(at);
  }
  return words;
}

/** A word of a path is matched exactly, or by a beginning that no other command shares. */
function candidates<T extends CommandShape>(commands: readonly T[], depth: number, word: string): readonly T[] {
  const names = (command: T): string[] => {
    const name = command.path[depth];
    const last = command.path.length === depth + 1 && command.alias !== undefined ? [command.alias] : [];
    return name === undefined ? [] : [name, ...last];
  };
  const exact = commands.filter((command) => names(command).includes(word));
  if (exact.length > 0) return exact;
  const begun = commands.filter((command) => names(command).some((name) => name.startsWith(word)));
  return new Set(begun.map((command) => command.path[depth])).size === 1 ? begun : [];
}

/** Finds the command that a line names; the tool's own options may stand before its words. */
export function findCommand<T extends CommandShape>(args: readonly string[], tool: ToolShape<T>): Found<T> {
  const words = wordsAt(args, tool.options);
  const asked = args[words[0] ?? -1] === "help";
  if (asked) words.shift();
  let left = tool.commands;
  let depth = 0;
  while (depth < words.length) {
    const word = args[words[depth] as number] as string;
    const next = candidates(left, depth, word);
    if (next.length === 0) {
      if (depth === 0 && !asked) return { kind: "unknown", word };
      break;
    }
    left = next;
    depth += 1;
    const command = left[0] as T;
    if (left.length > 1 || command.path.length !== depth) continue;
    if (asked) return { kind: "help", text: helpFor(command, tool) };
    const used = new Set(words.slice(0, depth));
    return { kind: "command", command, args: args.filter((_, at) => !used.has(at)) };
  }
  return { kind: "help", text: overview(tool, left) };
}

function optionLines(options: readonly Option[]): string {
  const left = options.map((option) => {
    const letter = option.letter === undefined ? "    " : `-${option.letter}, `;
    const fallback =
      option.kind === "string" || option.kind === "list" ? JSON.stringify(option.fallback) : option.fallback;
    return `${letter}--${option.name}${option.kind === "bool" ? `[=${fallback}]` : `=${fallback}`}`;
  });
  const column = left.reduce((most, text) => Math.max(most, text.length), 0) + 2;
  return options.map((option, at) => `  ${(left[at] as string).padEnd(column)}${option.help}\n`).join("");
}

/** The help of one command. */
export function helpFor<T extends CommandShape>(command: CommandShape, tool: ToolShape<T>): string {
  const name = command.path.join(" ");
  const options = command.options.length === 0 ? "" : `OPTIONS:\n${optionLines(command.options)}\n`;
  return (
    `NAME:\n  ${name} - ${command.help}\n\nUSAGE:\n  ${tool.name} ${`${name} ${command.usage}`.trim()}\n\n` +
    `${options}GLOBAL OPTIONS:\n${optionLines(tool.options)}\n`
  );
}

function overview<T extends CommandShape>(tool: ToolShape<T>, commands: readonly T[]): string {
  const names = commands.map((command) => command.path.join(" "));
  const column = names.reduce((most, name) => Math.max(most, name.length), 0) + 2;
  const lines = commands.map((command, at) => `  ${(names[at] as string).padEnd(column)}${command.help}\n`).join("");
  return (
    `NAME:\n  ${tool.name} - ${tool.summary}\n\nUSAGE:\n  ${tool.name} [flags] <command>\n\n` +
    `VERSION:\n  ${etcdVersion}\n\nAPI VERSION:\n  ${etcdVersionLine}\n\nCOMMANDS:\n${lines}\n` +
    `GLOBAL OPTIONS:\n${optionLines(tool.options)}\n${tool.note}`
  );
}

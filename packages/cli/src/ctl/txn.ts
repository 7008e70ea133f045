import type { Compare, RequestOp } from "@quorate/api";
import { CommandError, Exit } from "../io.ts";
import type { CtlCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { parseCompare, parseOperation } from "./txn-text.ts";

/** Reads lines up to an empty one; the input must not end before it. */
async function section<T>(c: Context, prompt: string, parse: (line: string) => T | Promise<T>): Promise<T[]> {
  if (c.options.bool("interactive")) c.io.out(`${prompt}\n`);
  const items: T[] = [];
  for (;;) {
    const line = (await c.io.readLine())?.trim();
    if (line === undefined) throw new CommandError(Exit.invalidInput, "EOF");
    if (line === "") return items;
    items.push(await parse(line));
  }
}

const txn: CtlCommand = {
  path: ["txn"],
  usage: "[options]",
  help: "Processes the comparisons and operations on stdin as one transaction",
  options: [{ name: "interactive", letter: "i", kind: "bool", fallback: "false", help: "Ask for the lines" }],
  async run(c) {
    const printer = c.printer();
    if (c.args.length !== 0) throw new CommandError(Exit.badArgs, "txn command does not accept argument");
    const operation = (line: string): Promise<Partial<RequestOp>> => parseOperation(line, c.io);
    const compare = await section(c, "compares:", parseCompare);
    const success = await section(c, "success requests (get, put, del):", operation);
    const failure = await section(c, "failure requests (get, put, del):", operation);
    const request = {
      compare: compare as Compare[],
      success: success as RequestOp[],
      failure: failure as RequestOp[],
    };
    printer.txn(await c.ask((await c.client()).txn(request)));
    return Exit.success;
  },
};

export const txnCommands: readonly CtlCommand[] = [txn];

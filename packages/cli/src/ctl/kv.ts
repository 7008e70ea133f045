/** put, get, del, compaction. */
import { CommandError, Exit } from "../io.ts";
import { goQuote } from "../print/go-text.ts";
import type { CtlCommand } from "./command.ts";
import { delOptions, delRequest, getOptions, getRequest, putOptions, putRequest } from "./kv-requests.ts";

const delPauseMs = 2000;

const put: CtlCommand = {
  path: ["put"],
  usage: "[options] <key> <value> (<value> can also be given from stdin)",
  help: "Puts the given key into the store",
  options: putOptions,
  async run(c) {
    const printer = c.printer();
    const request = await putRequest(c.args, c.options, () => c.io.readAll());
    printer.put(await c.ask((await c.client()).put(request)));
    return Exit.success;
  },
};

const get: CtlCommand = {
  path: ["get"],
  usage: "[options] <key> [range_end]",
  help: "Gets the key or a range of keys",
  options: getOptions,
  async run(c) {
    const valueOnly = c.options.bool("print-value-only");
    const printer = c.printer(valueOnly);
    const response = await c.ask((await c.client()).range(getRequest(c.args, c.options)));
    const form = c.options.string("write-out");
    if (c.options.bool("count-only") && form !== "fields") {
      throw new CommandError(Exit.badArgs, "--count-only is only for `--write-out=fields`");
    }
    if (valueOnly && form !== "simple") {
      throw new CommandError(Exit.badArgs, "print-value-only is only for `--write-out=simple`");
    }
    printer.get(response);
    return Exit.success;
  },
};

/** Gives the user time to see that a second word means a whole range. */
export async function warnOfRange(
  args: readonly string[],
  options: { bool(name: string): boolean },
  io: { err(text: string): void; sleep(ms: number): Promise<void> },
): Promise<void> {
  if (args.length < 2 || options.bool("range")) return;
  const range = `${goQuote(args[0] as string)} and ${goQuote(args[1] as string)}`;
  const interrupt = "Please interrupt the command within next 2 seconds to cancel.";
  const advice = "You can provide `--range` flag to avoid the delay.";
  io.err(`Warning: Keys between ${range} will be deleted. ${interrupt} ${advice}\n`);
  await io.sleep(delPauseMs);
}

const del: CtlCommand = {
  path: ["del"],
  usage: "[options] <key> [range_end]",
  help: "Removes the specified key or range of keys [key, range_end)",
  options: delOptions,
  async run(c) {
    const printer = c.printer();
    const request = delRequest(c.args, c.options);
    await warnOfRange(c.args, c.options, c.io);
    printer.del(await c.ask((await c.client()).deleteRange(request)));
    return Exit.success;
  },
};

/** Parses a signed decimal number as Go does. */
function decimal(text: string): number {
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  const why = /^[+-]?\d+$/.test(text) ? "value out of range" : "invalid syntax";
  throw new CommandError(Exit.error, `strconv.ParseInt: parsing ${goQuote(text)}: ${why}`);
}

const compaction: CtlCommand = {
  path: ["compaction"],
  alias: "compact",
  usage: "[options] <revision>",
  help: "Compacts the event history in the store",
  options: [
    { name: "physical", kind: "bool", fallback: "false", help: "Wait until the old revisions are gone from the disk" },
  ],
  async run(c) {
    c.printer();
    if (c.args.length !== 1) throw new CommandError(Exit.badArgs, "compaction command needs 1 argument");
    const revision = decimal(c.args[0] as string);
    await c.ask((await c.client()).compact({ revision, physical: c.options.bool("physical") }));
    c.io.out(`compacted revision ${revision}\n`);
    return Exit.success;
  },
};

export const kvCommands: readonly CtlCommand[] = [put, get, del, compaction];

import { CommandError, Exit } from "../io.ts";

/** Says that a command has no such form. */
export function unsupported(form: string): never {
  throw new CommandError(Exit.badFeature, `${form} not supported as output format`);
}

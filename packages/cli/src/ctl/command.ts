import type { Command } from "../tool.ts";
import type { Context } from "./context.ts";

/** A command of quoratectl. */
export type CtlCommand = Command<Context>;

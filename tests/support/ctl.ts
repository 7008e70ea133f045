import { realBinary } from "./binaries.ts";
import { type Outcome, runProgram } from "./program.ts";

/** How to call etcdctl. */
export interface CtlOptions {
  /** Which one: `etcdctl-3.4` unless told, or a path. */
  readonly program?: string;
  readonly endpoints: readonly string[];
  /** API version, 3 unless told; 2 only with `etcdctl-3.4`. */
  readonly api?: 2 | 3;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Runs real etcdctl; a code other than 0 is an answer. */
export function ctl(args: readonly string[], options: CtlOptions): Promise<Outcome> {
  const { program = "etcdctl-3.4", endpoints, api = 3, env = {}, ...rest } = options;
  const path = program.includes("/") ? program : realBinary(program);
  if (path === undefined) throw new Error(`${program} is missing; ask realBinary and skip the test`);
  // Only 3.4 knows the variable, and only there it matters; the flag is the same for both.
  const api34 = program === "etcdctl-3.4" ? { ETCDCTL_API: String(api) } : {};
  return runProgram(path, ["--endpoints", endpoints.join(","), ...args], { ...rest, env: { ...api34, ...env } });
}

/** Like {@link ctl}, but anything except success throws with what was said; returns stdout. */
export async function ctlOk(args: readonly string[], options: CtlOptions): Promise<string> {
  const { code, stdout, stderr } = await ctl(args, options);
  if (code !== 0) throw new Error(`etcdctl ${args.join(" ")} ended with ${code}\n${stderr}${stdout}`);
  return stdout;
}

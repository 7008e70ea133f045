/** Runs a command line tool on an open file: Node has neither `flock` nor `fallocate`. */
import { spawn } from "node:child_process";

/** How a command ended: its exit code, or -1 when it could not be run or was killed, and what it complained of. */
export interface CommandResult {
  readonly code: number;
  readonly complaint: string;
}

/** The descriptor under which the command finds the file. */
export const inheritedDescriptor = 3;

/** Runs `command` with `descriptor` as its descriptor 3, messages in English. Never rejects. */
export function runOnDescriptor(command: string, args: readonly string[], descriptor: number): Promise<CommandResult> {
  return new Promise((resolve) => {
    let complaint = "";
    const child = spawn(command, args, {
      stdio: ["ignore", "ignore", "pipe", descriptor],
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    });
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => {
      if (complaint.length < 1000) complaint += text;
    });
    child.on("error", (error) => resolve({ code: -1, complaint: error.message }));
    child.on("close", (code) => resolve({ code: code ?? -1, complaint }));
  });
}

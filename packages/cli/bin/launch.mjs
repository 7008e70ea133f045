// What the three command stubs share: they start the bundle that `npm run build` made.
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Loads and thereby runs `dist/<name>.mjs`; ends the process with 1 when it was never built.
 *
 * Where Node can keep compiled code (22.1 and later), it does so beside the bundle: whoever may write there may write
 * the bundle too, which is not so for a folder all users share.
 *
 * @param {"quorate" | "quoratectl" | "quorateutl"} name
 */
export async function launch(name) {
  const bundle = new URL(`../dist/${name}.mjs`, import.meta.url);
  if (!existsSync(bundle)) {
    process.stderr.write(`${name} is not built yet; run "npm run setup" in the repository first\n`);
    process.exit(1);
  }
  nodeModule.enableCompileCache?.(fileURLToPath(new URL("../dist/.cache", import.meta.url)));
  await import(bundle.href);
}

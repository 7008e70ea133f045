// npm start: sets up, then shows a three-member cluster (`quorate dev`). Arguments go to it.
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { become } from "./lib/program.mjs";
import { localBin } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

if (!(await setup())) process.exit(1);
await become(realpathSync(join(localBin, "quorate")), ["dev", ...process.argv.slice(2)]);

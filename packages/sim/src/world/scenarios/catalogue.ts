import { badLineScenarios } from "./bad-lines.ts";
import { clockScenarios } from "./clocks.ts";
import { crashScenarios } from "./crashes.ts";
import { diskScenarios } from "./disks.ts";
import { identityScenarios } from "./identity.ts";
import { jointScenarios } from "./joint.ts";
import { learnerScenarios } from "./learners.ts";
import { leavingScenarios } from "./leaving.ts";
import { partitionScenarios } from "./partitions.ts";
import { pendingChangeScenarios } from "./pending-changes.ts";
import { readScenarios } from "./reads.ts";
import { rivalChangeScenarios } from "./rival-changes.ts";
import { snapshotScenarios } from "./snapshots.ts";
import type { Scenario } from "./stage.ts";

/** All scenarios that are played here. */
export const catalogue: readonly Scenario[] = [
  ...rivalChangeScenarios,
  ...pendingChangeScenarios,
  ...leavingScenarios,
  ...learnerScenarios,
  ...jointScenarios,
  ...identityScenarios,
  ...partitionScenarios,
  ...badLineScenarios,
  ...readScenarios,
  ...snapshotScenarios,
  ...diskScenarios,
  ...clockScenarios,
  ...crashScenarios,
];

/** The scripts of a scenario: `M24` with all its variants, or one variant alone. Capitals do not matter. */
export function scriptsOf(id: string): Scenario[] {
  const wanted = id.toUpperCase();
  const variants = catalogue.filter((scenario) => scenario.id.slice(0, 3) === wanted);
  return variants.length > 0 ? variants : catalogue.filter((scenario) => scenario.id.toUpperCase() === wanted);
}

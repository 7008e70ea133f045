import { identityScenarios } from "./identity.ts";
import { machineScenarios } from "./machines.ts";
import { membershipScenarios } from "./membership.ts";
import { networkScenarios } from "./network.ts";
import type { Scenario } from "./stage.ts";

/** All scenarios that are played here. */
export const catalogue: readonly Scenario[] = [
  ...membershipScenarios,
  ...identityScenarios,
  ...networkScenarios,
  ...machineScenarios,
];

export const findScenario = (id: string): Scenario | undefined =>
  catalogue.find((scenario) => scenario.id.toLowerCase() === id.toLowerCase());

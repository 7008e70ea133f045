import { identityScenarios } from "./identity.ts";
import { membershipScenarios } from "./membership.ts";
import type { Scenario } from "./stage.ts";

/** All scenarios that are played here, in the order of their ids. */
export const catalogue: readonly Scenario[] = [...membershipScenarios, ...identityScenarios];

export const findScenario = (id: string): Scenario | undefined =>
  catalogue.find((scenario) => scenario.id.toLowerCase() === id.toLowerCase());

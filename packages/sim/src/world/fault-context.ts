import type { Dice } from "./dice.ts";
import type { SimNode } from "./node.ts";
import type { Operators } from "./operators.ts";
import type { World } from "./world.ts";

/** What a fault is given to strike with. */
export interface FaultContext {
  readonly world: World;
  readonly operators: Operators;
  readonly dice: Dice;
  readonly victim: SimNode;
  /** Machines whose process runs. */
  readonly running: readonly SimNode[];
  readonly durationUs: number;
}

/** A fault that struck; `lift` ends it. */
export interface FaultAct {
  readonly text: string;
  readonly lift?: () => void;
}

/** What a kind of fault does; undefined when it does not fit the moment. */
export type Act = (context: FaultContext) => FaultAct | undefined;

export const textOf = (nodes: readonly SimNode[]): string => nodes.map(({ name }) => name).join(" ");

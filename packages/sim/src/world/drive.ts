import type { Driven } from "./run.ts";

/** Node's own way to let all promises run at once; it is there in all versions, though only for Node itself. */
type Drain = () => void;

/** Returns a function that runs everything that promises wait for, or undefined where there is none. */
function findDrain(): Drain | undefined {
  const drain: unknown = (process as unknown as { readonly _tickCallback?: unknown })._tickCallback;
  if (typeof drain !== "function") return undefined;
  let ran = false;
  // The test of the function is that this line runs.
  const probe = Promise.resolve().then(() => {
    ran = true;
  });
  Reflect.apply(drain, process, []);
  if (!ran || !(probe instanceof Promise)) return undefined;
  return () => {
    Reflect.apply(drain, process, []);
  };
}

/** Events between two looks at the rest of the program. */
const eventsPerTurn = 20_000;

function driveSlowly(run: Driven, done: () => void): void {
  if (!run.step()) {
    done();
    return;
  }
  setImmediate(() => {
    run.settle();
    driveSlowly(run, done);
  });
}

function driveQuickly(run: Driven, drain: Drain, done: () => void): void {
  for (let i = 0; i < eventsPerTurn; i++) {
    if (!run.step()) {
      done();
      return;
    }
    drain();
    run.settle();
  }
  setImmediate(() => driveQuickly(run, drain, done));
}

/**
 * Runs a simulation to its end. After each event all promises have run, whatever the way: the trace is the same.
 *
 * @param slowly lets the program's own loop run the promises, as where Node has no other way.
 */
export function drive(run: Driven, slowly = false): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        const drain = slowly ? undefined : findDrain();
        if (drain === undefined) driveSlowly(run, resolve);
        else driveQuickly(run, drain, resolve);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

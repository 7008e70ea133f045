/** How long and how often {@link waitFor} looks. */
export interface WaitOptions {
  /** Gives up after this long; 20 s unless told. */
  readonly timeoutMs?: number;
  /** Pause between two looks; 50 ms unless told. */
  readonly intervalMs?: number;
}

/** Resolves after `durationMs`. Only for pauses between two looks at something outside of this process. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

/**
 * Looks until `check` gives a value other than undefined, false and null, and returns that value.
 *
 * A check that throws counts as "not yet"; what it threw last is the `cause` of the timeout.
 *
 * @param what completes the sentence "timed out waiting for …".
 */
export async function waitFor<T>(
  what: string,
  check: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 20_000, intervalMs = 50 } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const last = cause instanceof Error ? `: ${cause.message}` : "";
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}${last}`, { cause });
    }
    await pause(intervalMs);
  }
}

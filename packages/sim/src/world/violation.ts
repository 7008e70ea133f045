/** Something that must never be was. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Its id in the catalogue, as `I1` or `G3`. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

/** Throws a {@link Violation} unless `condition` holds. @param message called only when it fails. */
export function check(condition: boolean, invariant: string, message: () => string): asserts condition {
  if (!condition) throw new Violation(invariant, message());
}

/** Something that was begun, and what has become of it so far. */
export class Attempt<T> {
  state: "open" | "done" | "failed" = "open";
  value: T | undefined;
  /** What its refusal or failure said. */
  reason = "";
  /** When it ended. */
  endUs = 0;

  constructor(promise: Promise<T>, nowUs: () => number) {
    promise.then(
      (value) => {
        this.state = "done";
        this.value = value;
        this.endUs = nowUs();
      },
      (error: unknown) => {
        this.state = "failed";
        this.reason = error instanceof Error ? error.message : String(error);
        this.endUs = nowUs();
      },
    );
  }
}

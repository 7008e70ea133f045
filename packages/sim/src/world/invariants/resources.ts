import { check } from "../violation.ts";

/** I19, resources: what waits at a member stays within its bound. */
export class Resources {
  onSample(name: string, what: string, count: number, most: number): void {
    check(count <= most, "I19", () => `${name} has ${count} ${what} waiting, and ${most} are its bound`);
  }
}

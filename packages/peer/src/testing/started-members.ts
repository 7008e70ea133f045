import { startMember, type TestMember, type TestMemberOptions } from "./cluster.ts";

/** What one test started, and what has to be done when it ends. */
export class StartedMembers {
  readonly #members: TestMember[] = [];
  readonly #cleanups: (() => void)[] = [];

  async start(id: bigint, options?: TestMemberOptions): Promise<TestMember> {
    const member = await startMember(id, options);
    this.#members.push(member);
    return member;
  }

  /** Calls `cleanup` before the members are closed. */
  defer(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    await Promise.all(this.#members.splice(0).map(({ transport }) => transport.close()));
  }
}

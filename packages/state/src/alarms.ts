import { type AlarmMember, AlarmType, decodeAlarmMember, encodeAlarmMember } from "@quorate/api";
import { copyBytes, emptyBytes, type MemberId } from "@quorate/base";
import type { Table } from "./ports.ts";

/** Active alarms: the `alarm` bucket, mirrored in memory. An alarm of any member rules on all of them. */
export class Alarms {
  readonly #table: Table;
  #active: AlarmMember[] = [];

  constructor(table: Table) {
    this.#table = table;
    this.load();
  }

  load(): void {
    this.#active = [];
    this.#table.range(emptyBytes, undefined, (key) => {
      this.#active.push(decodeAlarmMember(copyBytes(key)));
      return true;
    });
  }

  /** All active alarms, or those of one type. */
  list(type: number = AlarmType.NONE): AlarmMember[] {
    return this.#active.filter((alarm) => type === AlarmType.NONE || alarm.alarm === type);
  }

  get noSpace(): boolean {
    return this.#active.some((alarm) => alarm.alarm === AlarmType.NOSPACE);
  }

  get corrupt(): boolean {
    return this.#active.some((alarm) => alarm.alarm === AlarmType.CORRUPT);
  }

  /** Returns the alarm that is active afterwards; raising one of type NONE does nothing. */
  activate(memberId: MemberId, type: number): AlarmMember[] {
    if (type === AlarmType.NONE) return [];
    const alarm: AlarmMember = { memberId, alarm: type };
    if (!this.#active.some((other) => other.memberId === memberId && other.alarm === type)) {
      this.#active.push(alarm);
      this.#table.put(encodeAlarmMember(alarm), emptyBytes);
    }
    return [alarm];
  }

  /** Returns the alarm that was active before; no wildcards. */
  deactivate(memberId: MemberId, type: number): AlarmMember[] {
    const at = this.#active.findIndex((other) => other.memberId === memberId && other.alarm === type);
    if (at < 0) return [];
    const [alarm] = this.#active.splice(at, 1);
    if (alarm === undefined) return [];
    this.#table.delete(encodeAlarmMember(alarm));
    return [alarm];
  }
}

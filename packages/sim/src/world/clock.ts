import type { Clock, Timer } from "@quorate/base";
import type { Dice } from "./dice.ts";
import { EventKind, type Kernel, type Life } from "./kernel.ts";

/** 2023-11-14: where the wall clock of a world starts. */
export const startWallMs = 1_700_000_000_000;

/** The time of a machine: its clock drifts, its wall clock can be set, and both outlive its processes. */
export class MachineTime {
  readonly #kernel: Kernel;
  #baseUs = 0;
  #baseLocalUs = 0;
  /** Local microseconds per real one, in millionths. */
  #rate: number;
  #wallOffsetMs = 0;
  #asleepUntilUs = 0;

  constructor(kernel: Kernel, ratePpm: number) {
    this.#kernel = kernel;
    this.#rate = 1 + ratePpm / 1_000_000;
    this.#baseLocalUs = 1_000_000;
  }

  get rate(): number {
    return this.#rate;
  }

  localUs(atUs: number = this.#kernel.nowUs): number {
    return this.#baseLocalUs + (atUs - this.#baseUs) * this.#rate;
  }

  wallMs(): number {
    return Math.floor(startWallMs + this.#wallOffsetMs + this.#kernel.nowUs / 1000);
  }

  /** Changes how fast the clock runs from now on. */
  setRate(ratePpm: number): void {
    this.#baseLocalUs = this.localUs();
    this.#baseUs = this.#kernel.nowUs;
    this.#rate = 1 + ratePpm / 1_000_000;
  }

  /** Sets the wall clock forward or back. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** The machine slept: its monotonic clock stands still from now until `untilUs`. */
  sleep(untilUs: number): void {
    const fromUs = Math.max(this.#kernel.nowUs, this.#asleepUntilUs);
    if (untilUs <= fromUs) return;
    this.#asleepUntilUs = untilUs;
    this.#baseLocalUs -= (untilUs - fromUs) * this.#rate;
  }
}

/** How long the loop of a process takes for a turn, and how late its timers are. */
export interface LoopSpeed {
  turnUs: number;
  readonly turnJitterUs: number;
  readonly timerJitterUs: number;
}

/** The clock of one life of a process. */
export class ProcessClock implements Clock {
  readonly #kernel: Kernel;
  readonly #life: Life;
  readonly #time: MachineTime;
  readonly #dice: Dice;
  readonly #speed: LoopSpeed;
  #lastMs = 0;

  constructor(kernel: Kernel, life: Life, time: MachineTime, dice: Dice, speed: LoopSpeed) {
    this.#kernel = kernel;
    this.#life = life;
    this.#time = time;
    this.#dice = dice;
    this.#speed = speed;
  }

  nowMs(): number {
    // A machine that slept must not see its clock go back.
    this.#lastMs = Math.max(this.#lastMs, this.#time.localUs() / 1000);
    return this.#lastMs;
  }

  wallMs(): number {
    return this.#time.wallMs();
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    const jitterUs = this.#speed.timerJitterUs === 0 ? 0 : this.#dice.below(this.#speed.timerJitterUs + 1);
    const delayUs = Math.ceil((Math.max(0, delayMs) * 1000) / this.#time.rate) + 1 + jitterUs;
    const event = this.#kernel.after(delayUs, EventKind.timer, this.#life, fire);
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  nextTurn(run: () => void): void {
    const { turnUs, turnJitterUs } = this.#speed;
    const delayUs = turnUs + (turnJitterUs === 0 ? 0 : this.#dice.below(turnJitterUs + 1));
    this.#kernel.after(delayUs, EventKind.turn, this.#life, run);
  }
}

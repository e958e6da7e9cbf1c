import type { Clock, Timer } from "../clock.ts";

/** What a connection does at its time. */
const APPOINTMENTS = ["auth", "expiryNear", "expired", "idle", "progress", "heartbeat"] as const;
export type Appointment = (typeof APPOINTMENTS)[number];

/** Whose time it is. */
export interface Punctual {
  due(what: Appointment): void;
}

/**
 * The times at which all connections have something to do. One timer of the clock waits for the earliest: a timer of its own for each
 * would be the greater part of what an idle connection costs.
 */
export class Agendas {
  readonly #clock: Pick<Clock, "monotonicMs" | "timer">;
  /** A binary heap: nobody is due before the one at half their place. */
  readonly #heap: Agenda[] = [];
  #timer: Timer | undefined;
  #timerMs = Infinity;

  constructor(clock: Pick<Clock, "monotonicMs" | "timer">) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** To be called whenever the agenda's first time has changed. */
  placed(agenda: Agenda): void {
    const heap = this.#heap;
    if (agenda.place === -1) {
      if (agenda.firstMs === Infinity) return;
      agenda.place = heap.push(agenda) - 1;
      this.#rise(agenda);
    } else if (agenda.firstMs === Infinity) {
      const last = heap.pop()!;
      if (last !== agenda) {
        this.#put(last, agenda.place);
        this.#rise(last);
        this.#sink(last);
      }
      agenda.place = -1;
    } else {
      this.#rise(agenda);
      this.#sink(agenda);
    }
    this.#wait();
  }

  #wait(): void {
    const firstMs = this.#heap[0]?.firstMs ?? Infinity;
    if (firstMs === this.#timerMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerMs = firstMs;
    if (firstMs < Infinity)
      this.#timer = this.#clock.timer(Math.max(0, firstMs - this.nowMs), () => this.#run());
  }

  #run(): void {
    this.#timer = undefined;
    this.#timerMs = Infinity;
    const { nowMs } = this;
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.firstMs > nowMs) break;
      first.run(nowMs);
    }
    this.#wait();
  }

  #rise(agenda: Agenda): void {
    for (let { place } = agenda; place > 0;) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above]!;
      if (other.firstMs <= agenda.firstMs) return;
      this.#put(other, place);
      this.#put(agenda, above);
      place = above;
    }
  }

  #sink(agenda: Agenda): void {
    for (let { place } = agenda; ;) {
      const left = 2 * place + 1;
      let below = left;
      if ((this.#heap[left + 1]?.firstMs ?? Infinity) < (this.#heap[left]?.firstMs ?? Infinity))
        below = left + 1;
      const other = this.#heap[below];
      if (other === undefined || other.firstMs >= agenda.firstMs) return;
      this.#put(other, place);
      this.#put(agenda, below);
      place = below;
    }
  }

  #put(agenda: Agenda, place: number): void {
    this.#heap[place] = agenda;
    agenda.place = place;
  }
}

/** The times of one connection. */
export class Agenda {
  /** Where it stands among all, and when it is due: kept by {@link Agendas}, and for it. */
  place = -1;
  firstMs = Infinity;
  readonly #all: Agendas;
  readonly #owner: Punctual;
  /** By place in {@link APPOINTMENTS}; infinite where there is none. */
  readonly #timesMs = APPOINTMENTS.map(() => Infinity);

  constructor(all: Agendas, owner: Punctual) {
    this.#all = all;
    this.#owner = owner;
  }

  /** In place of the time that was agreed on before. */
  set(what: Appointment, delayMs: number): void {
    this.#timesMs[APPOINTMENTS.indexOf(what)] = this.#all.nowMs + Math.max(0, delayMs);
    this.#changed();
  }

  cancel(what: Appointment): void {
    this.#timesMs[APPOINTMENTS.indexOf(what)] = Infinity;
    this.#changed();
  }

  /** Nothing is due any more. */
  close(): void {
    this.#timesMs.fill(Infinity);
    this.#changed();
  }

  /** Does what is due, in order. */
  run(nowMs: number): void {
    while (this.firstMs <= nowMs) {
      const place = this.#timesMs.indexOf(this.firstMs);
      this.#timesMs[place] = Infinity;
      this.#changed();
      this.#owner.due(APPOINTMENTS[place]!);
    }
  }

  #changed(): void {
    const firstMs = Math.min(...this.#timesMs);
    if (firstMs === this.firstMs) return;
    this.firstMs = firstMs;
    this.#all.placed(this);
  }
}

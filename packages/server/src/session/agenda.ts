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
  readonly #times = new Times();
  #timer: Timer | undefined;
  #timerMs = Infinity;

  constructor(clock: Pick<Clock, "monotonicMs" | "timer">) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Where times are kept. */
  get times(): Times {
    return this.#times;
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
  /** Where it stands among all: kept by {@link Agendas}, and for it. */
  place = -1;
  /** Of its times; -1 while there are none. */
  #row = -1;
  readonly #all: Agendas;
  readonly #owner: Punctual;

  constructor(all: Agendas, owner: Punctual) {
    this.#all = all;
    this.#owner = owner;
  }

  /** When it is due; infinite if it never is. */
  get firstMs(): number {
    return this.#row === -1 ? Infinity : this.#all.times.first(this.#row);
  }

  /** In place of the time that was agreed on before. */
  set(what: Appointment, delayMs: number): void {
    const { nowMs, times } = this.#all;
    if (this.#row === -1) this.#row = times.take();
    this.#set(APPOINTMENTS.indexOf(what), nowMs + Math.max(0, delayMs));
  }

  cancel(what: Appointment): void {
    if (this.#row !== -1) this.#set(APPOINTMENTS.indexOf(what), Infinity);
  }

  /** Nothing is due any more. */
  close(): void {
    if (this.#row === -1) return;
    this.#all.times.giveBack(this.#row);
    this.#row = -1;
    this.#all.placed(this);
  }

  /** Does what is due, in order. */
  run(nowMs: number): void {
    for (let { firstMs } = this; firstMs <= nowMs; { firstMs } = this) {
      const column = this.#all.times.columnOf(this.#row, firstMs);
      this.#set(column, Infinity);
      this.#owner.due(APPOINTMENTS[column]!);
    }
  }

  #set(column: number, timeMs: number): void {
    if (this.#all.times.set(this.#row, column, timeMs)) this.#all.placed(this);
  }
}

const COLUMNS = APPOINTMENTS.length + 1;
/** Behind those of the appointments: the first of them. */
const FIRST = APPOINTMENTS.length;
const ROWS_PER_PAGE = 256;

/** A table of times, infinite where there is none: numbers side by side, because each by itself would be an object. */
class Times {
  readonly #pages: Float64Array[] = [];
  readonly #free: number[] = [];

  /** A row without times; whoever takes it gives it back. */
  take(): number {
    if (this.#free.length === 0) {
      const first = this.#pages.length * ROWS_PER_PAGE;
      this.#pages.push(new Float64Array(ROWS_PER_PAGE * COLUMNS).fill(Infinity));
      for (let row = first + ROWS_PER_PAGE - 1; row >= first; row--) this.#free.push(row);
    }
    return this.#free.pop()!;
  }

  giveBack(row: number): void {
    const start = startOf(row);
    this.#pageOf(row).fill(Infinity, start, start + COLUMNS);
    this.#free.push(row);
  }

  first(row: number): number {
    return this.#pageOf(row)[startOf(row) + FIRST]!;
  }

  /** Which of its times that is. */
  columnOf(row: number, timeMs: number): number {
    const start = startOf(row);
    return this.#pageOf(row).indexOf(timeMs, start) - start;
  }

  /** Answers whether its first time has changed. */
  set(row: number, column: number, timeMs: number): boolean {
    const page = this.#pageOf(row);
    const start = startOf(row);
    page[start + column] = timeMs;
    let first = Infinity;
    for (let at = start; at < start + FIRST; at++) first = Math.min(first, page[at]!);
    if (first === page[start + FIRST]) return false;
    page[start + FIRST] = first;
    return true;
  }

  #pageOf(row: number): Float64Array {
    return this.#pages[Math.floor(row / ROWS_PER_PAGE)]!;
  }
}

function startOf(row: number): number {
  return (row % ROWS_PER_PAGE) * COLUMNS;
}

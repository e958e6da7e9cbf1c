import { GeodeError } from "@geode/client";
import type { AnyRow, Geode, Live, LiveSnapshot, Result } from "@geode/client";
import { columnLayout, grownLayout } from "../result/column-width.ts";
import { flashesOf, NO_FLASHES } from "../result/flash.ts";
import { RateMeter } from "../result/rate.ts";
import { Series } from "../result/series.ts";
import { Store } from "../store.ts";
import type { ResultView } from "../result/view.ts";

/** What is asked, frozen when it was asked. */
export interface Question {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly graph: string;
  readonly live: boolean;
}

/** What became of the latest question. */
export type Run =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly question: Question }
  | {
      readonly kind: "done";
      readonly question: Question;
      readonly view: ResultView;
      readonly durationMs: number;
    }
  | {
      readonly kind: "live";
      readonly question: Question;
      readonly view: ResultView;
      readonly stale: boolean;
      readonly durationMs: number;
    }
  | { readonly kind: "failed"; readonly question: Question; readonly error: GeodeError };

/** Runs one question at a time and keeps its outcome; asking another one abandons the one before. */
export class Runner {
  readonly run = new Store<Run>({ kind: "none" });
  /** Commits that reached the live result, lately. */
  readonly rate = new RateMeter();
  /** The recent past of a live result of one row. */
  readonly series = new Series();
  #abandon: () => void = () => {};

  start(geode: Geode, question: Question): void {
    this.#abandon();
    this.rate.clear();
    this.series.clear();
    this.run.set({ kind: "running", question });
    const { graph, live, parameters, text } = question;
    try {
      if (live) this.#follow(geode.live(text, parameters, { graph }), question);
      else this.#ask(geode, question);
    } catch (error) {
      // What is wrong before anything is sent: a parameter without a GQL value, a closed client.
      this.run.set({ kind: "failed", question, error: asGeodeError(error) });
    }
  }

  /** Stops waiting, or following; the rows that are there stay. */
  stop(): void {
    this.#abandon();
    this.#abandon = () => {};
    const run = this.run.get();
    if (run.kind === "live")
      this.run.set({
        kind: "done",
        question: run.question,
        view: run.view,
        durationMs: run.durationMs,
      });
    if (run.kind === "running") this.run.set({ kind: "none" });
  }

  #ask(geode: Geode, question: Question): void {
    const startedMs = performance.now();
    const cancel = new AbortController();
    this.#abandon = () => cancel.abort();
    const { graph, parameters, text } = question;
    geode.query(text, parameters, { graph, signal: cancel.signal }).then(
      (result) => {
        if (cancel.signal.aborted) return;
        this.run.set({
          kind: "done",
          question,
          view: viewOf(result),
          durationMs: performance.now() - startedMs,
        });
      },
      (error: unknown) => {
        if (!cancel.signal.aborted)
          this.run.set({ kind: "failed", question, error: asGeodeError(error) });
      },
    );
  }

  #follow(live: Live, question: Question): void {
    const startedMs = performance.now();
    let durationMs = 0;
    let seq: number | null = null;
    let frame = 0;
    let before: ResultView | null = null;
    const show = (): void => {
      frame = 0;
      const snapshot = live.getSnapshot();
      if (snapshot.error !== null)
        this.run.set({ kind: "failed", question, error: snapshot.error });
      else if (snapshot.state === "closed") this.stop();
      else if (snapshot.seq !== null) {
        before = liveViewOf(snapshot, before);
        this.run.set({
          kind: "live",
          question,
          view: before,
          stale: snapshot.state !== "live",
          durationMs,
        });
      }
    };
    const changed = (): void => {
      const snapshot = live.getSnapshot();
      if (snapshot.seq !== null && snapshot.seq !== seq) {
        if (seq === null) durationMs = performance.now() - startedMs;
        else this.rate.record(performance.now());
        seq = snapshot.seq;
        this.series.record(performance.now(), snapshot.rows);
      }
      // Many commits may come between two pictures of the screen: they are drawn once.
      if (frame === 0) frame = requestAnimationFrame(show);
    };
    const forget = live.subscribe(changed);
    this.#abandon = () => {
      forget();
      cancelAnimationFrame(frame);
      live.close();
    };
    if (live.state === "closed") show();
  }
}

function viewOf(result: Result): ResultView {
  const { columns, data, seq, stats, notices } = result;
  return {
    columns,
    rows: data,
    keys: data.map((_row, position) => String(position)),
    layout: columnLayout(columns, data),
    seq,
    stats,
    notices,
    maintenance: null,
    atMs: performance.now(),
    flashes: NO_FLASHES,
    turn: 0,
  };
}

/** The first view of a live result lights nothing up: all of it is new. */
function liveViewOf(snapshot: LiveSnapshot<AnyRow>, before: ResultView | null): ResultView {
  const { columns, rows, keys, maintenance } = snapshot;
  const seq = snapshot.seq ?? 0;
  const layout = columnLayout(columns, rows);
  const view = { columns, rows, keys, seq, stats: null, maintenance, atMs: performance.now() };
  if (before === null) {
    return { ...view, layout, notices: snapshot.notices, flashes: NO_FLASHES, turn: 1 };
  }
  return {
    ...view,
    layout: grownLayout(before.layout, layout),
    // What was worth noting at first (such as a label that nothing has) may have changed with the first commit since.
    notices: before.seq === seq ? before.notices : [],
    flashes: flashesOf(before, snapshot, { turn: before.turn + 1, atMs: view.atMs }),
    turn: before.turn + 1,
  };
}

function asGeodeError(error: unknown): GeodeError {
  if (error instanceof GeodeError) return error;
  return new GeodeError("INTERNAL", error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

export const runner = new Runner();

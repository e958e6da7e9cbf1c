/** The part of a long table that is really there. */
export interface RowWindow {
  /** First row, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Heights that stand for the rows left out, in pixels. */
  readonly aboveHeight: number;
  readonly belowHeight: number;
}

/** Rows beyond the edges, so that a small scroll shows no gap. */
const OVERSCAN = 12;

/** Which rows to draw at a scroll position. The window moves in steps of the overscan, so most scrolling redraws nothing. */
export function rowWindow(
  rowCount: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight / OVERSCAN) * OVERSCAN;
  const from = Math.max(0, Math.min(first - OVERSCAN, rowCount));
  const to = Math.min(rowCount, first + Math.ceil(viewHeight / rowHeight) + 2 * OVERSCAN);
  return {
    from,
    to: Math.max(from, to),
    aboveHeight: from * rowHeight,
    belowHeight: Math.max(0, rowCount - to) * rowHeight,
  };
}

import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ReactElement } from "react";
import type { AnyRow } from "@geode/client";
import { changedCells, NO_FLASHES } from "./flash.ts";
import type { Flashes } from "./flash.ts";
import { columnLayout } from "./column-width.ts";
import type { ColumnLayout } from "./column-width.ts";
import { rowWindow } from "./row-window.ts";
import { Value } from "./Value.tsx";
import type { ResultView } from "./view.ts";

/** Must be what the style sheet says. */
const ROW_HEIGHT = 30;

interface ResultTableProps {
  readonly view: ResultView;
  readonly live: boolean;
}

/** The rows. Only those on the screen are really there; a cell that changed while live lights up for a moment. */
export function ResultTable({ view, live }: ResultTableProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState({ top: 0, height: 600 });
  const layout = useMemo(() => columnLayout(view.columns, view.rows), [view.columns, view.rows]);
  const flashes = useFlashes(view, live);

  useLayoutEffect(() => {
    const element = scroller.current as HTMLDivElement;
    const measure = (): void => setScrolled({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const { from, to, aboveHeight, belowHeight } = rowWindow(view.rows.length, ROW_HEIGHT, scrolled.top, scrolled.height);
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroller" ref={scroller} tabIndex={0} role="region" aria-label="Rows">
      <table className="result-table" data-testid="result-table" aria-rowcount={view.rows.length + 1}>
        <colgroup>
          <col className="row-number-column" />
          {layout.map(({ name, width }) => (
            <col key={name} style={{ width: `${width + 3}ch` }} />
          ))}
          <col />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="row-number">
              <span className="visually-hidden">Row</span>
            </th>
            {view.columns.map((column, position) => (
              <th scope="col" key={column.name} className={layout[position]?.numeric === true ? "numeric" : undefined} title={column.text}>
                <span className="column-name">{column.name}</span>
                {column.type !== "ANY" && <span className="column-type">{column.type.toLowerCase()}</span>}
              </th>
            ))}
            <th aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {aboveHeight > 0 && <Spacer height={aboveHeight} />}
          {view.rows.slice(from, to).map((row, offset) => {
            const position = from + offset;
            const key = view.keys[position] ?? String(position);
            return <Row key={key} row={row} position={position} layout={layout} flash={flashes.cells.get(key)} turn={flashes.turn} />;
          })}
          {belowHeight > 0 && <Spacer height={belowHeight} />}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height }: { readonly height: number }): ReactElement {
  return (
    <tr aria-hidden="true" className="spacer">
      <td style={{ height }} />
    </tr>
  );
}

interface RowProps {
  readonly row: AnyRow;
  readonly position: number;
  readonly layout: readonly ColumnLayout[];
  readonly flash: ReadonlySet<string> | "inserted" | undefined;
  /** Counts updates: an animation of the same name would not start again. */
  readonly turn: number;
}

const Row = memo(function Row({ row, position, layout, flash, turn }: RowProps): ReactElement {
  const flashing = turn % 2 === 0 ? "flash-even" : "flash-odd";
  return (
    <tr aria-rowindex={position + 2} className={flash === "inserted" ? flashing : undefined}>
      <td className="row-number">{position + 1}</td>
      {layout.map(({ name, numeric }) => (
        <td key={name} className={classes(numeric && "numeric", flash !== undefined && flash !== "inserted" && flash.has(name) && flashing)}>
          <Value value={row[name] ?? null} name={name} />
        </td>
      ))}
      <td aria-hidden="true" />
    </tr>
  );
}, sameRow);

/** A row without news is not drawn again, whatever turn it is. */
function sameRow(before: RowProps, now: RowProps): boolean {
  return (
    before.row === now.row &&
    before.position === now.position &&
    before.layout === now.layout &&
    now.flash === undefined &&
    before.flash === undefined
  );
}

function classes(...names: readonly (string | false)[]): string | undefined {
  const present = names.filter((name) => name !== false);
  return present.length === 0 ? undefined : present.join(" ");
}

/** What changed since the view before; the first view of a result lights nothing up. */
function useFlashes(view: ResultView, live: boolean): { readonly cells: Flashes; readonly turn: number } {
  const before = useRef<{ view: ResultView; rows: ReadonlyMap<string, AnyRow>; cells: Flashes; turn: number } | null>(null);
  if (before.current?.view !== view) {
    const known = before.current;
    const cells = live && known !== null && known.view.columns === view.columns ? changedCells(known.rows, view) : NO_FLASHES;
    const rows = new Map(view.keys.map((key, position) => [key, view.rows[position] as AnyRow]));
    before.current = { view, rows, cells, turn: (known?.turn ?? 0) + 1 };
  }
  return before.current;
}

import { useLayoutEffect, useRef, useState } from "react";
import type { ReactElement } from "react";
import { ResultRow } from "./ResultRow.tsx";
import { rowWindow } from "./row-window.ts";
import type { ResultView } from "./view.ts";

/** Must be what the style sheet says. */
const ROW_HEIGHT = 30;

/** The rows. Only those on the screen are really there; a cell that changed while live lights up for a moment. */
export function ResultTable({ view }: { readonly view: ResultView }): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState({ top: 0, height: 600 });
  const { layout } = view;

  useLayoutEffect(() => {
    const element = scroller.current as HTMLDivElement;
    const measure = (): void =>
      setScrolled({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const { from, to, aboveHeight, belowHeight } = rowWindow(
    view.rows.length,
    ROW_HEIGHT,
    scrolled.top,
    scrolled.height,
  );
  return (
    // A scrolling region must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroller" ref={scroller} tabIndex={0} role="region" aria-label="Rows">
      <table
        className="result-table"
        data-testid="result-table"
        aria-rowcount={view.rows.length + 1}
      >
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
              <th
                scope="col"
                key={column.name}
                className={layout[position]?.numeric === true ? "numeric" : undefined}
                title={column.text}
              >
                <span className="column-name">{column.name}</span>
                {column.type !== "ANY" && (
                  <span className="column-type">{column.type.toLowerCase()}</span>
                )}
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
            return (
              <ResultRow
                key={key}
                row={row}
                position={position}
                layout={layout}
                flash={view.flashes.get(key)}
              />
            );
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

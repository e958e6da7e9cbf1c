import type { AnyRow, PlainValue } from "@geode/client";
import type { ReactElement } from "react";
import type { Series } from "./series.ts";
import { numberOf } from "./series.ts";
import { sparkline } from "./sparkline.ts";
import type { Sparkline } from "./sparkline.ts";
import { valueText } from "./value-text.ts";

interface MetricCardsProps {
  readonly row: AnyRow;
  readonly series: Series;
  /** The moment at the right edge. */
  readonly nowMs: number;
}

/** The numbers of a live result of one row, with where they come from. */
export function MetricCards({ row, series, nowMs }: MetricCardsProps): ReactElement | null {
  const columns = Object.keys(row).filter(
    (name) => numberOf(row[name]) !== null && series.points(name).length > 0,
  );
  if (columns.length === 0) return null;
  return (
    <div className="metric-cards" data-testid="metric-cards">
      {columns.map((name) => (
        <MetricCard
          key={name}
          name={name}
          value={row[name] ?? null}
          shape={sparkline(series.points(name), nowMs)}
        />
      ))}
    </div>
  );
}

interface MetricCardProps {
  readonly name: string;
  readonly value: PlainValue;
  readonly shape: Sparkline | null;
}

function MetricCard({ name, value, shape }: MetricCardProps): ReactElement {
  return (
    <figure className="metric-card">
      <figcaption>{name}</figcaption>
      <output className="metric-value">{valueText(value)}</output>
      {shape !== null && (
        <>
          <span className="metric-range">
            {short(shape.lowest)} – {short(shape.highest)}
          </span>
          <svg
            className="sparkline"
            viewBox="0 0 100 100"
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            <path className="sparkline-area" d={shape.area} />
            <path className="sparkline-line" d={shape.line} vectorEffect="non-scaling-stroke" />
          </svg>
        </>
      )}
    </figure>
  );
}

function short(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

import type { AnyRow } from "@geode/client";
import { memo } from "react";
import type { ReactElement } from "react";
import type { ColumnLayout } from "./column-width.ts";
import type { Flash } from "./flash.ts";
import { Value } from "./Value.tsx";

interface ResultRowProps {
  readonly row: AnyRow;
  readonly position: number;
  readonly layout: readonly ColumnLayout[];
  readonly flash: Flash | undefined;
}

/** One row. Everything it gets is the same object until something changes, so only rows with news are drawn again. */
export const ResultRow = memo(function ResultRow({
  row,
  position,
  layout,
  flash,
}: ResultRowProps): ReactElement {
  // Two animations of the same look: one of the same name would not start again.
  const flashing = flash !== undefined && flash.turn % 2 === 0 ? "flash-even" : "flash-odd";
  const lightsUp = (name: string): boolean =>
    flash !== undefined && flash.cells !== "inserted" && flash.cells.has(name);
  return (
    <tr aria-rowindex={position + 2} className={flash?.cells === "inserted" ? flashing : undefined}>
      <td className="row-number">{position + 1}</td>
      {layout.map(({ name, numeric }) => (
        <td key={name} className={classes(numeric && "numeric", lightsUp(name) && flashing)}>
          <Value value={row[name] ?? null} name={name} />
        </td>
      ))}
      <td aria-hidden="true" />
    </tr>
  );
});

function classes(...names: readonly (string | false)[]): string | undefined {
  const present = names.filter((name) => name !== false);
  return present.length === 0 ? undefined : present.join(" ");
}

import type { AnyRow, PlainProperties, PlainValue } from "@geode/client";
import type { ReactElement } from "react";
import { labelColour } from "../graph/palette.ts";
import type { DrawnEdge, DrawnNode, ResultGraph } from "../graph/result-graph.ts";
import { drawnGraphOf } from "../graph/result-graph.ts";
import { CloseIcon } from "../icons.tsx";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { select, selection } from "./selection.ts";
import { valueText, valueType } from "./value-text.ts";

/** Everything about the one thing that was clicked. It follows the live result. */
export function Inspector({ rows }: { readonly rows: readonly AnyRow[] }): ReactElement | null {
  const selected = useStore(selection);
  if (selected.kind === "none") return null;
  return (
    <aside
      className="inspector"
      aria-label="Details"
      data-testid="inspector"
      onKeyDown={(event) => {
        if (event.key === "Escape") select({ kind: "none" });
      }}
    >
      <button
        type="button"
        className="icon-button inspector-close"
        onClick={() => select({ kind: "none" })}
        aria-label="Close details"
      >
        <CloseIcon />
      </button>
      {selected.kind === "value" ? (
        <WholeValue title={selected.title} value={selected.value} />
      ) : (
        <Element id={selected.id} graph={drawnGraphOf(rows)} />
      )}
    </aside>
  );
}

function Element({
  id,
  graph,
}: {
  readonly id: string;
  readonly graph: ResultGraph;
}): ReactElement {
  const node = graph.nodes.get(id);
  if (node !== undefined) return <NodeDetails node={node} />;
  const edge = graph.edges.get(id);
  if (edge !== undefined) return <EdgeDetails edge={edge} graph={graph} />;
  return <p className="aside-note">This element is no longer in the result.</p>;
}

function NodeDetails({ node }: { readonly node: DrawnNode }): ReactElement {
  const current = useStore(theme);
  return (
    <>
      <h3 className="inspector-title">{node.caption}</h3>
      <p className="inspector-labels">
        {node.labels.map((label) => (
          <span key={label} className="label">
            <span className="dot" style={{ background: labelColour(label, current) }} />
            {label}
          </span>
        ))}
        <span className="inspector-id">id {node.id}</span>
      </p>
      {node.missing && (
        <p className="aside-note">
          Only its edge is in the result. Return the node, too, to see its properties.
        </p>
      )}
      <PropertyList properties={node.properties} />
    </>
  );
}

function EdgeDetails({
  edge,
  graph,
}: {
  readonly edge: DrawnEdge;
  readonly graph: ResultGraph;
}): ReactElement {
  const end = (id: string): ReactElement => (
    <button type="button" className="link" onClick={() => select({ kind: "element", id })}>
      {graph.nodes.get(id)?.caption ?? `#${id}`}
    </button>
  );
  return (
    <>
      <h3 className="inspector-title">{edge.label}</h3>
      <p className="inspector-labels">
        {end(edge.from)} → {end(edge.to)}
        <span className="inspector-id">id {edge.id}</span>
      </p>
      <PropertyList properties={edge.properties} />
    </>
  );
}

function PropertyList({ properties }: { readonly properties: PlainProperties }): ReactElement {
  const entries = Object.entries(properties);
  if (entries.length === 0) return <p className="aside-note">No properties.</p>;
  return (
    <dl className="properties">
      {entries.map(([name, value]) => (
        <div key={name} className="property">
          <dt>
            {name} <span className="property-type">{valueType(value).toLowerCase()}</span>
          </dt>
          <dd>{valueText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function WholeValue({
  title,
  value,
}: {
  readonly title: string;
  readonly value: PlainValue;
}): ReactElement {
  return (
    <>
      <h3 className="inspector-title">{title}</h3>
      <pre className="whole-value">{valueText(value)}</pre>
    </>
  );
}

import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { PlainValue } from "@geode/client";
import type { ReactElement } from "react";
import { labelColour } from "../graph/palette.ts";
import { captionOf } from "../graph/result-graph.ts";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { select } from "./selection.ts";
import { valueText, valueType } from "./value-text.ts";

/** Longer texts are cut in the table; a click shows the whole. */
const TEXT_SHOWN_MAX = 80;
const HINT_LENGTH_MAX = 400;

/** A value in a cell. Nulls, texts and numbers look different; elements are chips that open. */
export function Value({
  value,
  name,
}: {
  readonly value: PlainValue;
  readonly name: string;
}): ReactElement {
  if (value === null) return <span className="null">null</span>;
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Float)
    return <span className="number">{valueText(value)}</span>;
  if (typeof value === "boolean") return <span className="boolean">{String(value)}</span>;
  if (value instanceof GraphNode) return <NodeChip node={value} />;
  if (value instanceof GraphEdge) return <EdgeChip edge={value} />;
  if (value instanceof GraphPath) {
    return (
      <span className="path">
        {value.elements.map((element, position) =>
          // oxlint-disable-next-line react/no-array-index-key -- a path may visit an element twice
          element instanceof GraphNode ? (
            <NodeChip key={position} node={element} />
          ) : (
            <EdgeChip key={position} edge={element} />
          ),
        )}
      </span>
    );
  }
  const text = valueText(value);
  if (typeof value === "string" && text.length <= TEXT_SHOWN_MAX)
    return <span className="text">{text === "" ? <Empty /> : text}</span>;
  return (
    <button
      type="button"
      className={typeof value === "string" ? "opens text" : "opens nested"}
      title="Show the whole value"
      onClick={() => select({ kind: "value", title: `${name}: ${valueType(value)}`, value })}
    >
      {text.slice(0, TEXT_SHOWN_MAX)}
      {text.length > TEXT_SHOWN_MAX && "…"}
    </button>
  );
}

function Empty(): ReactElement {
  return <span className="null">empty</span>;
}

export function NodeChip({ node }: { readonly node: GraphNode }): ReactElement {
  const current = useStore(theme);
  return (
    <button
      type="button"
      className="chip node"
      onClick={() => select({ kind: "element", id: node.id })}
      title={valueText(node).slice(0, HINT_LENGTH_MAX)}
    >
      <span className="dot" style={{ background: labelColour(node.labels[0] ?? "", current) }} />
      {captionOf(node)}
    </button>
  );
}

function EdgeChip({ edge }: { readonly edge: GraphEdge }): ReactElement {
  return (
    <button
      type="button"
      className="chip edge"
      onClick={() => select({ kind: "element", id: edge.id })}
      title={valueText(edge).slice(0, HINT_LENGTH_MAX)}
    >
      {edge.label}
      <span aria-hidden="true">→</span>
    </button>
  );
}

import { useEffect, useRef } from "react";
import type { ReactElement } from "react";
import { FitIcon, MinusIcon, PlusIcon, ShuffleIcon } from "../icons.tsx";
import { select, selection } from "../result/selection.ts";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { Drawing } from "./Drawing.ts";
import { Legend } from "./Legend.tsx";
import type { ResultGraph } from "./result-graph.ts";

/** The nodes and edges of a result, drawn. */
export default function GraphView({ graph }: { readonly graph: ResultGraph }): ReactElement {
  if (graph.nodes.size === 0) {
    return (
      <div className="teach">
        <p className="teach-title">Nothing to draw</p>
        <p>
          A drawing needs nodes or edges in the result. Return them whole:{" "}
          <code>MATCH (a)-[e]-&gt;(b) RETURN a, e, b LIMIT 100</code>
        </p>
      </div>
    );
  }
  return <Canvas graph={graph} />;
}

function Canvas({ graph }: { readonly graph: ResultGraph }): ReactElement {
  const container = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const current = useStore(theme);
  const selected = useStore(selection);

  useEffect(() => {
    const made = new Drawing(container.current as HTMLDivElement, theme.get(), (id) =>
      select(id === null ? { kind: "none" } : { kind: "element", id }),
    );
    drawing.current = made;
    return () => made.close();
  }, []);
  useEffect(() => drawing.current?.theme(current), [current]);
  useEffect(() => drawing.current?.show(graph), [graph]);
  useEffect(
    () => drawing.current?.select(selected.kind === "element" ? selected.id : null),
    [selected],
  );

  const drawn = graph.nodes.size + graph.edges.size;
  return (
    <div className="graph">
      <div
        className="graph-canvas"
        ref={container}
        data-testid="graph"
        data-nodes={graph.nodes.size}
        data-edges={graph.edges.size}
        role="img"
        aria-label={`Drawing of ${graph.nodes.size} nodes and ${graph.edges.size} edges; the table shows the same result`}
      />
      <Legend graph={graph} />
      {drawn < graph.total && (
        <p className="graph-note">
          {drawn.toLocaleString("en")} of {graph.total.toLocaleString("en")} elements are drawn.
          Narrow the query down to see the rest.
        </p>
      )}
      <div className="graph-tools">
        <Tool label="Zoom in" onClick={() => drawing.current?.zoomIn()} icon={<PlusIcon />} />
        <Tool label="Zoom out" onClick={() => drawing.current?.zoomOut()} icon={<MinusIcon />} />
        <Tool label="Show everything" onClick={() => drawing.current?.fit()} icon={<FitIcon />} />
        <Tool
          label="Arrange anew"
          onClick={() => drawing.current?.arrange()}
          icon={<ShuffleIcon />}
        />
      </div>
    </div>
  );
}

function Tool({
  label,
  icon,
  onClick,
}: {
  readonly label: string;
  readonly icon: ReactElement;
  readonly onClick: () => void;
}): ReactElement {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      {icon}
    </button>
  );
}

import type { ReactElement } from "react";
import { labelColour } from "../graph/palette.ts";
import { RefreshIcon } from "../icons.tsx";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { graphs, useGraph } from "./graphs.ts";
import { quoted, schema } from "./schema.ts";
import type { Named } from "./schema.ts";

interface GraphContentsProps {
  readonly onRefresh: () => void;
  /** Puts a query into the editor and runs it. */
  readonly onQuery: (text: string) => void;
}

/** What is in the graph. A click shows some of it. */
export function GraphContents({ onRefresh, onQuery }: GraphContentsProps): ReactElement {
  const { state, labels, edgeLabels, error } = useStore(schema);
  return (
    <section aria-labelledby="contents-title" aria-busy={state === "loading"}>
      <h2 id="contents-title">
        In the graph
        <button
          type="button"
          className="icon-button small"
          onClick={onRefresh}
          aria-label="Count again"
          title="Count again"
        >
          <RefreshIcon />
        </button>
      </h2>
      <GraphChoice onChoose={onRefresh} />
      {error !== null && <p className="aside-note">Could not be counted: {error}</p>}
      {state === "known" && labels.length === 0 && (
        <p className="aside-note">
          Nothing yet. Try <code>INSERT (:Person {"{name: 'Ada'}"})</code>, or start the server with{" "}
          <code>--demo</code>.
        </p>
      )}
      <Names
        title="Nodes"
        names={labels}
        kind="node"
        onChoose={(name) => onQuery(`MATCH (n:${quoted(name)})\nRETURN n\nLIMIT 100`)}
      />
      <Names
        title="Edges"
        names={edgeLabels}
        kind="edge"
        onChoose={(name) =>
          onQuery(`MATCH (a)-[e:${quoted(name)}]->(b)\nRETURN a, e, b\nLIMIT 100`)
        }
      />
    </section>
  );
}

/** Where there is but one graph, there is nothing to choose. */
function GraphChoice({ onChoose }: { readonly onChoose: () => void }): ReactElement | null {
  const { names, inUse } = useStore(graphs);
  if (names.length < 2) return null;
  return (
    <select
      className="graph-choice"
      aria-label="Graph"
      data-testid="graph-choice"
      value={inUse}
      onChange={(event) => {
        useGraph(event.target.value);
        onChoose();
      }}
    >
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

interface NamesProps {
  readonly title: string;
  readonly names: readonly Named[];
  readonly kind: "node" | "edge";
  readonly onChoose: (name: string) => void;
}

function Names({ title, names, kind, onChoose }: NamesProps): ReactElement | null {
  const current = useStore(theme);
  if (names.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="names">
        {names.map(({ name, count }) => (
          <li key={name}>
            <button
              type="button"
              className="name"
              onClick={() => onChoose(name)}
              title={`Show some :${name}`}
            >
              {kind === "node" ? (
                <span className="dot" style={{ background: labelColour(name, current) }} />
              ) : (
                <span className="arrow">→</span>
              )}
              <span className="name-text">{name}</span>
              <span className="count">{count.toLocaleString("en")}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

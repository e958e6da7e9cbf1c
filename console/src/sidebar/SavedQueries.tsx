import type { ReactElement } from "react";
import { draft } from "../query/draft.ts";
import { useStore } from "../store.ts";
import { SAVED_QUERIES } from "./saved-queries.ts";
import type { SavedQuery } from "./saved-queries.ts";

export function SavedQueries({
  onChoose,
}: {
  readonly onChoose: (query: SavedQuery) => void;
}): ReactElement {
  const { text } = useStore(draft);
  return (
    <section aria-labelledby="saved-title">
      <h2 id="saved-title">Saved queries</h2>
      <ul className="saved">
        {SAVED_QUERIES.map((query) => (
          <li key={query.title}>
            <button
              type="button"
              className="saved-query"
              data-testid="saved-query"
              aria-current={query.text === text ? "true" : undefined}
              onClick={() => onChoose(query)}
            >
              <span className="saved-title">
                {query.title}
                {query.live && <span className="live-mark" aria-hidden="true" />}
              </span>
              <span className="saved-description">{query.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

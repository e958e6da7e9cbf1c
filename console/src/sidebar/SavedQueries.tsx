import type { ReactElement } from "react";
import { CloseIcon } from "../icons.tsx";
import { draft } from "../query/draft.ts";
import { useStore } from "../store.ts";
import { forgetQuery, ownQueries } from "./own-queries.ts";
import { SAVED_QUERIES } from "./saved-queries.ts";
import type { SavedQuery } from "./saved-queries.ts";

interface SavedQueriesProps {
  readonly onChoose: (query: SavedQuery) => void;
}

/** The queries that come with the console, and below them the user's own. */
export function SavedQueries({ onChoose }: SavedQueriesProps): ReactElement {
  const { text } = useStore(draft);
  const own = useStore(ownQueries);
  return (
    <section aria-labelledby="saved-title">
      <h2 id="saved-title">Saved queries</h2>
      <ul className="saved">
        {SAVED_QUERIES.map((query) => (
          <li key={query.title}>
            <Entry query={query} current={query.text === text} onChoose={onChoose} />
          </li>
        ))}
      </ul>
      {own.length > 0 && (
        <ul className="saved own" aria-label="Your own">
          {own.map((query) => (
            <li key={query.text} className="own-query">
              <Entry query={query} current={query.text === text} onChoose={onChoose} />
              <button
                type="button"
                className="icon-button small"
                aria-label={`Forget ${query.title}`}
                title="Forget"
                onClick={() => forgetQuery(query.text)}
              >
                <CloseIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface EntryProps extends SavedQueriesProps {
  readonly query: SavedQuery;
  /** Whether it stands in the editor. */
  readonly current: boolean;
}

function Entry({ query, current, onChoose }: EntryProps): ReactElement {
  return (
    <button
      type="button"
      className="saved-query"
      data-testid="saved-query"
      aria-current={current ? "true" : undefined}
      onClick={() => onChoose(query)}
    >
      <span className="saved-title">
        <span className="saved-title-text">{query.title}</span>
        {query.live && <span className="live-mark" aria-hidden="true" />}
      </span>
      <span className="saved-description">{query.description}</span>
    </button>
  );
}

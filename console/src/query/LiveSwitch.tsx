import type { ReactElement } from "react";

/** Whether the result follows the graph. */
export function LiveSwitch({
  live,
  onChange,
}: {
  readonly live: boolean;
  readonly onChange: (live: boolean) => void;
}): ReactElement {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={live}
      className="switch"
      data-testid="live"
      title="Keep the result up to date with every commit"
      onClick={() => onChange(!live)}
    >
      <span className="switch-track" aria-hidden="true">
        <span className="switch-thumb" />
      </span>
      Live
    </button>
  );
}

import type { ReactElement, ReactNode } from "react";

interface TeachProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** Stands where there is nothing to see, and says what to do about it. */
export function Teach({ title, children }: TeachProps): ReactElement {
  return (
    <div className="teach">
      <p className="teach-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}

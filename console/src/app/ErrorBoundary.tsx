import { Component } from "react";
import type { ReactElement, ReactNode } from "react";

interface ErrorBoundaryProps {
  /** When it changes, what failed is tried again. */
  readonly attempt: unknown;
  readonly children: ReactNode;
}

interface Caught {
  readonly error: Error | null;
  readonly attempt: unknown;
}

/** Keeps a fault in one part of the page (or a part that could not be loaded) from taking the rest with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, Caught> {
  override readonly state: Caught = { error: null, attempt: this.props.attempt };

  static getDerivedStateFromError(error: unknown): Partial<Caught> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps(
    props: ErrorBoundaryProps,
    state: Caught,
  ): Partial<Caught> | null {
    return props.attempt === state.attempt ? null : { error: null, attempt: props.attempt };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <Fault error={error} />;
  }
}

function Fault({ error }: { readonly error: Error }): ReactElement {
  return (
    <div className="error-card" role="alert">
      <p className="error-message">This could not be shown</p>
      <p className="error-hint">{error.message}</p>
      <p className="error-code">Choose another view, or reload the page: the query is kept.</p>
    </div>
  );
}

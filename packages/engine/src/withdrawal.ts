/** Says that a request is taken back, now or later. An `AbortSignal` is one; whoever makes many can have it for less. */
export interface Withdrawal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

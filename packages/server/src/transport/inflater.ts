import { inflate } from "./deflate.ts";

export interface InflaterOptions {
  /** How long a message may be; it may change while the connection lives. */
  readonly bytesMax: () => number;
  /** The peer sent what is no compressed message: how the connection closes. */
  readonly onBroken: (code: number) => void;
}

/**
 * Takes the place of the inflating half of `ws`: no message looks back at another, so nothing needs to be kept between two, and an idle
 * connection costs nothing. A message is inflated whole, up to the limit and no further.
 */
export class Inflater {
  readonly #options: InflaterOptions;
  #pieces: Buffer[] = [];

  constructor(options: InflaterOptions) {
    this.#options = options;
  }

  /** Called by `ws` for every frame of a compressed message; it has bounded their bytes and their number. */
  decompress(
    frame: Buffer,
    last: boolean,
    then: (error: Error | null, bytes: Buffer) => void,
  ): void {
    this.#pieces.push(frame);
    // `ws` counts on being called back in a later step.
    if (!last) return process.nextTick(then, null, Buffer.alloc(0));
    const payload = Buffer.concat(this.#pieces);
    this.#pieces = [];
    const { bytesMax, onBroken } = this.#options;
    try {
      process.nextTick(then, null, inflate(payload, bytesMax()));
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      onBroken(tooLarge ? 1009 : 1007);
      process.nextTick(then, error as Error, Buffer.alloc(0));
    }
  }

  /** Called by `ws` when the connection ends. */
  cleanup(): void {
    this.#pieces = [];
  }
}

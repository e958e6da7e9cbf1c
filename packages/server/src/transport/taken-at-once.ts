/** Whoever wrote something, and hears when the operating system has it. */
export interface Writer {
  taken(bytes: number): void;
}

let writers: Writer[] = [];
let lengths: number[] = [];

/**
 * Tells the writer, when this turn's work is done, that the operating system took so many bytes as they were written. With a callback for
 * each write, Node's streams would do the same at a fifth of the price of the write itself; here one tick serves all who wrote in a turn.
 */
export function tellTakenAtOnce(writer: Writer, bytes: number): void {
  writers.push(writer);
  lengths.push(bytes);
  if (writers.length === 1) process.nextTick(tellAll);
}

function tellAll(): void {
  const [told, bytes] = [writers, lengths];
  writers = [];
  lengths = [];
  for (let place = 0; place < told.length; place++) told[place]!.taken(bytes[place]!);
}

/** Below this many elements an array doubles when it grows; above it grows by a quarter, so that little of it lies idle. */
const DOUBLING_MAX = 1 << 20;

/** The array with room for `lengthMin` elements: itself when it has it, else a larger copy with zeros behind; appending stays amortised O(1). */
export function grownUint32(
  array: Uint32Array<ArrayBuffer>,
  lengthMin: number,
): Uint32Array<ArrayBuffer> {
  if (array.length >= lengthMin) return array;
  const factor = array.length < DOUBLING_MAX ? 2 : 1.25;
  const grown = new Uint32Array(Math.max(Math.ceil(array.length * factor), lengthMin, 16));
  grown.set(array);
  return grown;
}

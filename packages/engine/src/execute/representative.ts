import { Edge, encode, Float, isInteger, isTemporal, Node, Path, type Value } from "@geode/values";

/**
 * Which of two values stands for both where they are the same to a comparison, e.g. 1 and 1.0, 0.0 and -0.0, or one instant in two zones:
 * an INTEGER before a FLOAT, else the one whose canonical text is the lesser. So it does not hang on the order that rows come in.
 */
export function representative(left: Value, right: Value): Value {
  if (left === right || isTold(left)) return left;
  if (isInteger(left) && isInteger(right)) return left;
  if (left instanceof Float && right instanceof Float) {
    // What is left is the sign of a zero.
    return Object.is(left.value, -0) ? left : right;
  }
  if (isInteger(left) !== isInteger(right)) return isInteger(left) ? left : right;
  return encode(left) <= encode(right) ? left : right;
}

/** Whether what is the same as this is the same in every respect. */
function isTold(value: Value): boolean {
  if (isTemporal(value)) return value.type !== "ZONED DATETIME" && value.type !== "ZONED TIME";
  return (
    value instanceof Node ||
    value instanceof Edge ||
    value instanceof Path ||
    value instanceof Uint8Array
  );
}

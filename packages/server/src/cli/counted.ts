/** "2 nodes inserted" or "1 node inserted": `what` begins with a noun in the plural. */
export function counted(count: number, what: string): string {
  const [plural = "", ...rest] = what.split(" ");
  const singular = plural.replace(/ies$/, "y").replace(/xes$/, "x").replace(/s$/, "");
  return [count, count === 1 ? singular : plural, ...rest].join(" ");
}

import { commit } from "./commit.ts";
import { connection } from "./connection/connection.ts";
import { delivery } from "./delivery/delivery.ts";
import type { Figure } from "./figure.ts";
import { joins } from "./joins/joins.ts";
import { live } from "./live.ts";
import { memory } from "./memory.ts";
import { queries } from "./queries/queries.ts";
import { rooms } from "./rooms/rooms.ts";

/** Every bench, by the name with which it can be asked for: `npm run bench -- commit`. */
const BENCHES = new Map<string, () => Promise<readonly Figure[]>>([
  ["commit", commit],
  ["connection", connection],
  ["delivery", delivery],
  ["joins", joins],
  ["live", live],
  ["memory", memory],
  ["queries", queries],
  ["rooms", rooms],
]);

const given = process.argv.slice(2);
/** Names come first; options, from the first one on, are for the benches that know them. */
const options = given.findIndex((argument) => argument.startsWith("--"));
const asked = options === -1 ? given : given.slice(0, options);
const unknown = asked.filter((name) => !BENCHES.has(name));
if (unknown.length > 0) {
  process.stderr.write(
    `No bench is called ${unknown.join(", ")}. There are: ${[...BENCHES.keys()].join(", ")}\n`,
  );
  process.exit(2);
}

const rows = [["figure", "measured", "unit", "against", "measured", "ratio"]];
for (const name of asked.length > 0 ? asked : BENCHES.keys()) {
  for (const { name: figure, value, unit, peer } of await BENCHES.get(name)!()) {
    rows.push([
      figure,
      digits(value),
      unit,
      peer?.name ?? "",
      peer ? digits(peer.value) : "",
      peer ? `× ${digits(value / peer.value)}` : "",
    ]);
  }
}

const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
for (const row of rows)
  process.stdout.write(
    `${row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd()}\n`,
  );

/** Three significant digits, without exponent. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

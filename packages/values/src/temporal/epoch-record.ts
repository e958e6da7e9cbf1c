import { article, isInteger, typeName } from "../arithmetic.ts";
import { GeodeError } from "../error.ts";
import type { Value, ValueRecord } from "../value.ts";
import { datetimeOfEpoch } from "./epoch.ts";
import { toZone, unknownField } from "./record.ts";
import { instantOf, type Zone } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";

const FIELDS = ["epochSeconds", "epochMillis", "nanosecond", "timezone"] as const;

/** Whether a record tells an instant by how long after 1970 it is. */
export function isEpochRecord(record: ValueRecord): boolean {
  return record.has("epochSeconds") || record.has("epochMillis");
}

/** Cypher's `{epochSeconds, nanosecond}` and `{epochMillis}`, with a zone to tell it in. Null: a field is NULL. */
export function ofEpochRecord(record: ValueRecord): ZonedDatetime | null {
  let [seconds, nanoseconds]: [bigint, bigint] = [0n, 0n];
  let zone: Zone = 0;
  if (record.has("epochSeconds") && record.has("epochMillis")) {
    throw new GeodeError("22007", "a ZONED DATETIME has epochSeconds or epochMillis, not both");
  }
  for (const [name, value] of record) {
    if (value === null) {
      return null;
    }
    switch (name) {
      case "epochSeconds":
        seconds = wholeNumber(name, value);
        break;
      case "epochMillis":
        nanoseconds += wholeNumber(name, value) * 1_000_000n;
        break;
      case "nanosecond":
        nanoseconds += wholeNumber(name, value);
        break;
      case "timezone":
        zone = toZone(value) ?? 0;
        break;
      default:
        throw unknownField("ZONED DATETIME", name, FIELDS);
    }
  }
  const instant = datetimeOfEpoch({ seconds, nanoseconds });
  return zone === 0 ? instant : ZonedDatetime.at(instantOf(instant), zone);
}

function wholeNumber(name: string, value: Value): bigint {
  if (!isInteger(value)) {
    throw new GeodeError("22G03", `\`${name}\` takes an INTEGER, not ${article(typeName(value))}`);
  }
  return BigInt(value);
}

import {
  Duration,
  GeodeError,
  LocalDate,
  LocalDatetime,
  LocalTime,
  type Temporal,
  type TemporalType,
  unreachable,
  ZonedDatetime,
  ZonedTime,
} from "@geode/values";
import type { ByteReader, ByteWriter } from "./bytes.ts";

/*
 * Temporal values as bytes. A zoned datetime is stored with the offset that it has, and read without looking at the rules of its zone: they
 * may have changed since.
 */

export function writeTemporal(out: ByteWriter, value: Temporal): void {
  switch (value.type) {
    case "DATE":
      return out.signed(value.day);
    case "LOCAL TIME":
      return out.varint(value.nanoseconds);
    case "ZONED TIME":
      out.varint(value.nanoseconds);
      return out.signed(value.offsetSeconds);
    case "LOCAL DATETIME":
      out.signed(value.day);
      return out.varint(value.nanoseconds);
    case "ZONED DATETIME":
      out.signed(value.day);
      out.varint(value.nanoseconds);
      out.signed(value.offsetSeconds);
      return out.text(value.zone ?? "");
    case "DURATION":
      out.signed(value.months);
      out.signed(value.days);
      out.i64(value.nanoseconds / SECOND);
      return out.signed(Number(value.nanoseconds % SECOND));
    default:
      return unreachable(value);
  }
}

const SECOND = 1_000_000_000n;

export function readTemporal(reader: ByteReader, type: TemporalType): Temporal {
  try {
    return read(reader, type);
  } catch (error) {
    // What no value of ours is was not written by us.
    if (error instanceof GeodeError && error.code === "22003") throw reader.damaged(error.message);
    throw error;
  }
}

function read(reader: ByteReader, type: TemporalType): Temporal {
  switch (type) {
    case "DATE":
      return new LocalDate(reader.signed());
    case "LOCAL TIME":
      return new LocalTime(reader.varint());
    case "ZONED TIME": {
      const nanoseconds = reader.varint();
      return new ZonedTime({ nanoseconds, offsetSeconds: reader.signed() });
    }
    case "LOCAL DATETIME": {
      const day = reader.signed();
      return new LocalDatetime({ day, nanoseconds: reader.varint() });
    }
    case "ZONED DATETIME": {
      const day = reader.signed();
      const nanoseconds = reader.varint();
      const offsetSeconds = reader.signed();
      const zone = reader.text();
      return new ZonedDatetime({ day, nanoseconds, offsetSeconds }, zone === "" ? null : zone);
    }
    case "DURATION": {
      const months = reader.signed();
      const days = reader.signed();
      const seconds = reader.i64();
      return new Duration({
        months,
        days,
        nanoseconds: seconds * SECOND + BigInt(reader.signed()),
      });
    }
    default:
      return unreachable(type);
  }
}

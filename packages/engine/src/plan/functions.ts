/** What the binder must know of a function: its one name, and how many arguments it takes. What it does stands in `execute/functions`. */
export interface FunctionSignature {
  readonly name: string;
  readonly arity: readonly [least: number, most: number];
}

const SIGNATURES: readonly (readonly [names: string, least: number, most: number])[] = [
  ["element_id elementid", 1, 1],
  ["id", 1, 1],
  ["labels", 1, 1],
  ["type label", 1, 1],
  ["properties", 1, 1],
  ["keys", 1, 1],
  ["nodes", 1, 1],
  ["edges relationships", 1, 1],
  ["elements", 1, 1],
  ["path_length length", 1, 1],
  ["start_node startnode", 1, 1],
  ["end_node endnode", 1, 1],
  ["tail", 1, 1],
  ["coalesce", 1, Infinity],
  ["nullif", 2, 2],
  ["size", 1, 1],
  ["cardinality", 1, 1],
  ["char_length character_length", 1, 1],
  ["upper toupper", 1, 1],
  ["lower tolower", 1, 1],
  ["trim", 1, 2],
  ["btrim", 1, 2],
  ["ltrim", 1, 2],
  ["rtrim", 1, 2],
  ["left", 2, 2],
  ["right", 2, 2],
  ["substring", 2, 3],
  ["replace", 3, 3],
  ["split", 2, 2],
  ["reverse", 1, 1],
  ["head", 1, 1],
  ["last", 1, 1],
  ["range", 2, 3],
  ["tostring", 1, 1],
  ["tointeger", 1, 1],
  ["tofloat", 1, 1],
  ["toboolean", 1, 1],
  ["tostringornull", 1, 1],
  ["tointegerornull", 1, 1],
  ["tofloatornull", 1, 1],
  ["tobooleanornull", 1, 1],
  ["tostringlist", 1, 1],
  ["tointegerlist", 1, 1],
  ["tofloatlist", 1, 1],
  ["tobooleanlist", 1, 1],
  ["isempty", 1, 1],
  ["isnan", 1, 1],
  ["valuetype", 1, 1],
  ["abs", 1, 1],
  ["sign", 1, 1],
  ["ceil ceiling", 1, 1],
  ["floor", 1, 1],
  ["round", 1, 3],
  ["sqrt", 1, 1],
  ["exp", 1, 1],
  ["ln", 1, 1],
  ["log", 1, 2],
  ["log10", 1, 1],
  ["power", 2, 2],
  ["mod", 2, 2],
  ["pi", 0, 0],
  ["e", 0, 0],
  ["sin", 1, 1],
  ["cos", 1, 1],
  ["tan", 1, 1],
  ["cot", 1, 1],
  ["sinh", 1, 1],
  ["cosh", 1, 1],
  ["tanh", 1, 1],
  ["asin", 1, 1],
  ["acos", 1, 1],
  ["atan", 1, 1],
  ["atan2", 2, 2],
  ["degrees", 1, 1],
  ["radians", 1, 1],
  ["haversin", 1, 1],
  ["random_uuid randomuuid", 0, 0],
  ["rand random", 0, 0],
  ["byte_length octet_length", 1, 1],
  ["normalize", 1, 2],
  ["datetime_from_epoch datetime.fromepoch", 2, 2],
  ["datetime_from_epoch_millis datetime.fromepochmillis", 1, 1],
  ["duration", 1, 1],
  ["duration_between duration.between", 2, 3],
  ["duration_in_months duration.inmonths", 2, 2],
  ["duration_in_days duration.indays", 2, 2],
  ["duration_in_seconds duration.inseconds", 2, 2],
];

/** Those that may read the clock: without all of their arguments they are about now. */
const CLOCK_SIGNATURES: typeof SIGNATURES = [
  ["date", 0, 1],
  ["local_time localtime", 0, 1],
  ["zoned_time time", 0, 1],
  ["local_datetime localdatetime local_timestamp", 0, 1],
  ["zoned_datetime datetime", 0, 1],
  ["current_date date.transaction date.statement date.realtime", 0, 1],
  ["current_local_time localtime.transaction localtime.statement localtime.realtime", 0, 1],
  ["current_time time.transaction time.statement time.realtime", 0, 1],
  [
    "current_local_datetime localdatetime.transaction localdatetime.statement localdatetime.realtime",
    0,
    1,
  ],
  ["current_timestamp datetime.transaction datetime.statement datetime.realtime", 0, 1],
  ["date_truncate date.truncate", 1, 3],
  ["local_time_truncate localtime.truncate", 1, 3],
  ["zoned_time_truncate time.truncate", 1, 3],
  ["local_datetime_truncate localdatetime.truncate", 1, 3],
  ["zoned_datetime_truncate datetime.truncate", 1, 3],
  ["timestamp", 0, 0],
];

const CLOCK_NAMES: ReadonlySet<string> = new Set(
  CLOCK_SIGNATURES.map(([names]) => names.split(" ")[0] ?? ""),
);

/** Whether the function, by its one name, takes the statement's moment as its first argument. */
export function readsClock(name: string): boolean {
  return CLOCK_NAMES.has(name);
}

/** Whether a call with so many arguments depends on when it is made. */
export function isAboutNow(name: string, args: number): boolean {
  if (!readsClock(name)) return false;
  if (name.startsWith("current_") || name === "timestamp") return true;
  return args < (name.endsWith("_truncate") ? 2 : 1);
}

/** Whether a call gives something else every time. */
export function isChance(name: string): boolean {
  return name === "rand" || name === "random_uuid";
}

/** By every name, in lower case. The first name of a line is the one. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map(
  [...SIGNATURES, ...CLOCK_SIGNATURES].flatMap(([names, least, most]) => {
    const all = names.split(" ");
    const [name = ""] = all;
    return all.map((alias) => [alias, { name, arity: [least, most] }] as const);
  }),
);

const AGGREGATE_NAMES: ReadonlySet<string> = new Set([
  "count",
  "sum",
  "avg",
  "min",
  "max",
  "collect",
  "collect_list",
  "stddev_samp",
  "stddev_pop",
  "stdev",
  "stdevp",
  "percentile_cont",
  "percentile_disc",
  "percentilecont",
  "percentiledisc",
]);

export function isAggregate(name: string): boolean {
  return AGGREGATE_NAMES.has(name.toLowerCase());
}

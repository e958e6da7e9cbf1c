import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database, type Principal } from "@geode/engine";
import { encode, type Value } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { runImport } from "./command.ts";
import { inspect } from "./manifest.ts";
import { Problems } from "./problem.ts";
import { sourceOf, type CsvRole, type Source } from "./source.ts";
import { databaseTarget, type Target } from "./target.ts";
import { ImportStopped, write } from "./write.ts";

const principal: Principal = { id: "cli", roles: ["admin"], claims: new Map() };
let directory: string;
let database: Database;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-import-"));
  database = await Database.open();
});
afterEach(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

/** Writes a file and answers how to import it. */
async function file(name: string, content: string | Buffer, role?: CsvRole): Promise<Source> {
  const path = join(directory, name);
  await writeFile(path, content);
  const source = sourceOf(path)!;
  return role === undefined || source.kind !== "csv" ? source : { ...source, role };
}

/** The whole import; what is wrong with the files, by file name and line, if anything is. */
async function run(
  sources: readonly Source[],
  options: { target?: Target; batch?: number } = {},
): Promise<{ created: number; present: number } | string[]> {
  const problems = new Problems();
  const manifest = await inspect(sources, problems, () => undefined);
  if (manifest === undefined) {
    return problems.found.map(({ message }) => message.slice(directory.length + 1));
  }
  const target = options.target ?? databaseTarget(database, principal, undefined);
  return write(manifest, target, { batch: options.batch ?? 1000, onWritten: () => undefined });
}

async function rows(text: string): Promise<string[]> {
  const { rows: found } = await database.query({ text, principal });
  return found.map((row) => encode(row as Value));
}
const counts = () =>
  rows("MATCH (n) OPTIONAL MATCH (n)-[e]->() RETURN count(DISTINCT n), count(e)");

describe("CSV", () => {
  test("nodes and edges by their headers, typed, with labels from the file", async () => {
    const people = await file(
      "people.csv",
      '\uFEFFid:ID,name,age:int,tags:string[],score:float,ok:boolean,junk:IGNORE,:LABEL\r\nann,Ann,38,a;b,2,true,x,Person\r\nbob,"Bob ""B""\nBobson",,,,,,Person;Admin\r\n',
    );
    const knows = await file(
      "knows.csv",
      ":START_ID,:END_ID,since:int,:TYPE\nann,bob,2019,KNOWS\nbob,ann,,LIKES\n",
    );
    expect(await run([knows, people])).toEqual({ created: 4, present: 0 });
    expect(await rows("MATCH (n:Person) RETURN properties(n), labels(n) ORDER BY n.id")).toEqual([
      '[{"age":38,"id":"ann","name":"Ann","ok":true,"score":{"$float":"2.0"},"tags":["a","b"]},["Person"]]',
      '[{"id":"bob","name":"Bob \\"B\\"\\nBobson"},["Admin","Person"]]',
    ]);
    expect(
      await rows("MATCH (a)-[e]->(b) RETURN a.id, type(e), e.since, b.id ORDER BY a.id"),
    ).toEqual(['["ann","KNOWS",2019,"bob"]', '["bob","LIKES",null,"ann"]']);
  });

  test("labels from the command line, for files that have none", async () => {
    const people = await file("p.csv", "id:ID,name\n1,Ann\n2,Bob\n", {
      kind: "nodes",
      label: "Person",
    });
    const knows = await file("k.tsv", ":START_ID\t:END_ID\n1\t2\n", {
      kind: "edges",
      label: "KNOWS",
    });
    expect(await run([people, knows])).toEqual({ created: 3, present: 0 });
    expect(await rows("MATCH (:Person)-[e:KNOWS]->(p:Person) RETURN p.name")).toEqual(['["Bob"]']);
  });

  test("ids of several spaces do not meet", async () => {
    const people = await file("p.csv", "id:ID(person),:LABEL\n1,Person\n");
    const cities = await file("c.csv", ":ID(city),:LABEL\n1,City\n");
    const lives = await file("l.csv", ":START_ID(person),:END_ID(city),:TYPE\n1,1,LIVES_IN\n");
    expect(await run([people, cities, lives])).toEqual({ created: 3, present: 0 });
    expect(await rows("MATCH (p:Person)-[:LIVES_IN]->(c:City) RETURN c.id")).toEqual(['["1"]']);
  });

  test("integers of 64 bits keep every digit", async () => {
    await run([
      await file("n.csv", "v:int,:LABEL\n9223372036854775807,N\n-9223372036854775808,N\n"),
    ]);
    expect(await rows("MATCH (n:N) RETURN n.v ORDER BY n.v")).toEqual([
      '[{"$int":"-9223372036854775808"}]',
      '[{"$int":"9223372036854775807"}]',
    ]);
  });

  test("names that GQL would read otherwise are names", async () => {
    const nodes = await file("n.csv", "id:ID,a`b,__proto__,:LABEL\n1,x,y,My Label` DROP\n");
    const edges = await file("e.csv", ":START_ID,:END_ID,:TYPE\n1,1,SEE `X`\n");
    expect(await run([nodes, edges])).toEqual({ created: 2, present: 0 });
    expect(await rows("MATCH (n)-[e]->() RETURN properties(n), labels(n), type(e)")).toEqual([
      '[{"__proto__":"y","a`b":"x","id":"1"},["My Label` DROP"],"SEE `X`"]',
    ]);
  });
});

describe("JSON Lines", () => {
  test("nodes and edges, values as the protocol writes them", async () => {
    const graph = await file(
      "g.jsonl",
      [
        '{"label":"ROAD","from":7,"to":"b","properties":{"km":1400.5}}',
        '{"labels":["City"],"id":7,"properties":{"name":"Rome","x":null,"big":{"$int":"9007199254740993"}}}',
        "",
        '{"labels":["City","Capital","City"],"id":"b"}',
        '{"labels":["Note"],"properties":{"list":[1,"a"]}}',
      ].join("\n"),
    );
    expect(await run([graph])).toEqual({ created: 4, present: 0 });
    expect(await rows("MATCH (a)-[e:ROAD]->(b) RETURN properties(a), e.km, labels(b)")).toEqual([
      '[{"big":{"$int":"9007199254740993"},"id":7,"name":"Rome"},1400.5,["Capital","City"]]',
    ]);
  });
});

describe("indexes and constraints of a JSON Lines file", () => {
  const key = '{"constraint":"k","type":"key","node":"City","properties":["id"]}';
  const catalog = () => rows("SHOW INDEXES");

  test("are there before the first element, wherever they stand, and nothing is indexed twice", async () => {
    const graph = await file(
      "g.jsonl",
      [
        '{"labels":["City"],"id":"rome"}',
        '{"label":"ROAD","from":"rome","to":"rome","properties":{"km":1}}',
        '{"index":"by km","edge":"ROAD","properties":["km","built"]}',
        '{"constraint":"n","type":"not null","edge":"ROAD","properties":["km"]}',
        key,
      ].join("\n"),
    );
    expect(await run([graph])).toEqual({ created: 2, present: 0 });
    expect(await catalog()).toEqual([
      '["by km","EDGE","ROAD",["km","built"],null,0,0]',
      '["k","NODE","City",["id"],"k",1,1]',
    ]);
    expect(await rows("SHOW CONSTRAINTS")).toEqual([
      '["k","KEY","NODE","City",["id"],"k"]',
      '["n","NOT NULL","EDGE","ROAD",["km"],null]',
    ]);
  });

  test("may be there already", async () => {
    const graph = await file("g.jsonl", `${key}\n{"labels":["City"],"id":1}`);
    await run([graph]);
    expect(await run([graph])).toEqual({ created: 0, present: 1 });
  });

  test("end the import at what they forbid", async () => {
    const graph = await file("g.jsonl", `${key}\n{"labels":["City"]}\n{"labels":["Town"]}`);
    await expect(run([graph])).rejects.toThrow("The constraint `k` wants the property id");
    expect(await counts()).toEqual(["[0,0]"]);
  });

  test("end it before it has begun when another one has the name", async () => {
    await database.query({ text: "CREATE INDEX k FOR (n:Other) ON (n.x)", principal });
    const graph = await file("g.jsonl", `${key}\n{"labels":["City"],"id":1}`);
    await expect(run([graph])).rejects.toThrow("There is an index `k` already.");
    expect(await counts()).toEqual(["[0,0]"]);
  });

  test.each([
    ['{"index":"i","node":"A"}', '"properties" must be a list of property names'],
    ['{"index":"i","node":"A","properties":[]}', '"properties" names no property'],
    ['{"index":"i","node":"A","properties":["x","x"]}', '"properties" names one twice'],
    ['{"index":"i","node":"A","properties":[1]}', '"properties" must be a list of property names'],
    [
      '{"index":"i","properties":["x"]}',
      'the index needs the label of either a "node" or an "edge"',
    ],
    ['{"index":"i","node":"A","edge":"B","properties":["x"]}', "either"],
    ['{"index":"","node":"A","properties":["x"]}', "the name of an index or a constraint is empty"],
    ['{"index":7,"node":"A","properties":["x"]}', '"index" must hold its name'],
    ['{"index":"i","node":"GeodeRoom","properties":["x"]}', "is reserved"],
    ['{"index":"i","node":"A","properties":["x"],"type":"key"}', 'index has no field "type"'],
    [
      '{"constraint":"c","node":"A","properties":["x"]}',
      '"type" must be one of "unique", "not null", "key"',
    ],
    ['{"constraint":"c","index":"i","type":"key","node":"A","properties":["x"]}', "no field"],
  ])("%s is a fault: %s", async (line, message) => {
    const faults = await run([await file("g.jsonl", line)]);
    expect(faults).toEqual([expect.stringContaining(message)]);
    expect(faults).toEqual([expect.stringMatching(/^g\.jsonl:1: /)]);
  });

  test("are at most 1,000", async () => {
    const line = (n: number): string => `{"index":"i${n}","node":"A","properties":["p${n}"]}`;
    const lines = Array.from({ length: 1_001 }, (_, n) => line(n));
    expect(await run([await file("more.jsonl", lines.join("\n"))])).toEqual([
      expect.stringContaining("there are more than 1000 indexes and constraints"),
    ]);
    expect(await run([await file("most.jsonl", lines.slice(1).join("\n"))])).toEqual({
      created: 0,
      present: 0,
    });
  });
});

describe("references, which edges use and nodes do not keep", () => {
  const jsonl = [
    '{"labels":["A"],"ref":1,"properties":{"id":"own"}}',
    '{"labels":[],"ref":"two","properties":{"id":"own"}}',
    '{"labels":["A"],"id":3}',
    '{"labels":[],"id":"4"}',
    '{"label":"K","from":1,"to":"two"}',
    '{"label":"K","from":3,"to":"4"}',
  ].join("\n");
  const found = () =>
    rows(
      "MATCH (a)-[:K]->(b) RETURN labels(a), properties(a), labels(b), properties(b) ORDER BY a.id",
    );
  const expected = ['[["A"],{"id":"own"},[],{"id":"own"}]', '[["A"],{"id":3},[],{"id":"4"}]'];

  test("in JSON Lines; a node needs no label", async () => {
    expect(await run([await file("g.jsonl", jsonl)])).toEqual({ created: 6, present: 0 });
    expect(await found()).toEqual(expected);
  });

  test("in CSV; labels may be JSON, and so may properties", async () => {
    const nodes = await file(
      "n.csv",
      ':REF,:LABEL(json),n:json,:PROPERTIES\n1,"[""a;b"",""A""]","[1,{""$date"":""2024-01-31""}]","{""a\\nb"":null,""$$x"":2}"\n2,[],,\n',
    );
    const edges = await file("e.csv", ':START_ID,:END_ID,:TYPE(json)\n1,2,"""a;b"""\n');
    expect(await run([nodes, edges])).toEqual({ created: 3, present: 0 });
    expect(
      await rows("MATCH (a)-[e]->(b) RETURN labels(a), properties(a), type(e), labels(b)"),
    ).toEqual(['[["A","a;b"],{"$$x":2,"n":[1,"2024-01-31"]},"a;b",[]]']);
    expect(await rows("MATCH (a:A) RETURN a.n[1] = DATE '2024-01-31'")).toEqual(["[true]"]);
  });

  test("are taken away in the end, also after an import that stopped anywhere", async () => {
    const source = await file("g.jsonl", jsonl);
    const real = databaseTarget(database, principal, undefined);
    let stops = 0;
    for (let healthy = 0; ; healthy++) {
      let left = healthy;
      const failing: Target = {
        run: (text, data, key) =>
          left-- === 0 ? Promise.reject(new Error("disk full")) : real.run(text, data, key),
      };
      const outcome = await run([source], { target: failing, batch: 1 }).catch(
        (error: unknown) => error,
      );
      if (!(outcome instanceof ImportStopped)) break;
      stops += 1;
    }
    expect(stops).toBeGreaterThan(6);
    expect(await found()).toEqual(expected);
    expect(await counts()).toEqual(["[4,2]"]);
  });
});

describe("temporal values", () => {
  const moments = [
    ["date", "$date", "2024-02-29", "DATE"],
    ["localtime", "$local_time", "12:00:00.5", "LOCAL TIME"],
    ["time", "$zoned_time", "12:00+01:00", "ZONED TIME"],
    ["localdatetime", "$local_datetime", "2024-02-29T12:00", "LOCAL DATETIME"],
    ["datetime", "$zoned_datetime", "2024-02-29T12:00+01:00[Europe/Paris]", "ZONED DATETIME"],
    ["duration", "$duration", "P1Y2M3DT4H5M6.7S", "DURATION"],
  ] as const;

  test.each(moments)(
    "in CSV a column of type %s, in JSON Lines %s",
    async (column, tag, text, type) => {
      const table = await file(
        "n.csv",
        `v:${column},l:${column}[],:LABEL\n${text},${text};${text},N\n`,
      );
      const lines = await file(
        "n.jsonl",
        `{"labels":["N"],"properties":{"v":{"${tag}":"${text}"},"l":[{"${tag}":"${text}"},{"${tag}":"${text}"}]}}\n` +
          `{"labels":["N"],"properties":{"v":{"${tag}":"${text}"},"l":[{"${tag}":"${text}"},{"${tag}":"${text}"},1,{"x":{"${tag}":"${text}"}}]}}\n`,
      );
      expect(await run([table, lines])).toEqual({ created: 3, present: 0 });
      const value = `CAST('${text}' AS ${type})`;
      expect(
        await rows(`MATCH (n:N) WHERE n.v = ${value} AND n.l[1] = ${value} RETURN count(*)`),
      ).toEqual(["[3]"]);
      expect(await rows(`MATCH (n:N) WHERE n.l[3].x = ${value} RETURN n.l[2]`)).toEqual(["[1]"]);
    },
  );

  test.each(moments)("that are none are named: %s", async (column, tag) => {
    const table = await file("n.csv", `v:${column},:LABEL\nsoon,N\n`);
    expect(await run([table])).toEqual([`n.csv:2: column 1 (v:${column}): "soon" is no ${column}`]);
    for (const json of ['"soon"', "5", "null"]) {
      const lines = await file(
        "n.jsonl",
        `{"labels":["N"],"properties":{"v":{"${tag}":${json}}}}\n`,
      );
      expect(await run([lines])).toEqual([expect.stringMatching(/^n\.jsonl:1: .*properties\.v/)]);
    }
  });

  test("nested without end are a fault of the file", async () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const lines = await file("n.jsonl", `{"labels":["N"],"properties":{"v":${deep}}}\n`);
    expect(await run([lines])).toEqual([expect.stringContaining("nested deeper than 64 levels")]);
  });
});

describe("a bad line is named by file and line, and then nothing is imported", () => {
  const header = "id:ID,age:int,:LABEL\n";
  test.each<[string, Record<string, string | Buffer>, string[]]>([
    [
      "a wrong type",
      { "p.csv": `${header}1,x,P\n` },
      ['p.csv:2: column 2 (age:int): "x" is no int'],
    ],
    [
      "a float for an int, an int of 65 bits",
      { "p.csv": `${header}1,1.5,P\n2,9223372036854775808,P\n` },
      [
        'p.csv:2: column 2 (age:int): "1.5" is no int',
        'p.csv:3: column 2 (age:int): "9223372036854775808" is no int',
      ],
    ],
    [
      "too few cells, behind a record of several lines",
      { "p.csv": `name,:LABEL\n"a\nb",P\nx\n` },
      ["p.csv:4: 1 cells, but the header has 2"],
    ],
    [
      "an id twice, in several files",
      { "a.csv": `${header}1,,P\n`, "b.csv": `${header}2,,P\n1,,P\n` },
      ['b.csv:3: the id "1" is used by an earlier node'],
    ],
    [
      "a missing node",
      { "p.csv": `${header}1,,P\n`, "e.csv": ":START_ID,:END_ID,:TYPE\n1,2,K\n" },
      ['e.csv:2: there is no node with the id "2" in these files'],
    ],
    [
      "a missing id space",
      { "p.csv": "id:ID(a),:LABEL\n1,P\n", "e.csv": ":START_ID(a),:END_ID(b),:TYPE\n1,1,K\n" },
      ['e.csv:2: there is no node with the id "1" in the id space b in these files'],
    ],
    [
      "no label",
      { "p.csv": `${header}1,,\n` },
      [
        "p.csv:2: the node has no label; fill in the column :LABEL, or import the file with --nodes Label=file",
      ],
    ],
    [
      "a reserved label",
      { "p.csv": `${header}1,,GeodeRoom\n` },
      ['p.csv:2: column 3 (:LABEL): the label "GeodeRoom" is reserved: it starts with Geode'],
    ],
    [
      "an unknown type in the header",
      { "p.csv": "id:ID,age:number,:LABEL\n1,2,P\n" },
      [
        'p.csv:1: header, column 2 (age:number): the type "number" is not known; there are string, int, float, boolean, date, time, localtime, datetime, localdatetime, duration, each also with [], and json',
      ],
    ],
    [
      "a header without labels",
      { "p.csv": "name\nAnn\n" },
      [
        "p.csv:1: the header has no :LABEL (nodes) or :TYPE (edges) column; add one, or use --nodes Label=file or --edges LABEL=file",
      ],
    ],
    [
      "half an edge",
      { "e.csv": ":START_ID,:TYPE\n1,K\n" },
      ["e.csv:1: edges need both a :START_ID and an :END_ID column"],
    ],
    [
      "a property twice",
      { "p.csv": "a,a,:LABEL\n1,2,P\n" },
      ['p.csv:1: the header has the property "a" twice'],
    ],
    ["an empty file", { "p.csv": "" }, ["p.csv:1: the file is empty; it needs a header line"]],
    [
      "a quote that is not closed",
      { "p.csv": 'name,:LABEL\n"Ann,P\n' },
      ["p.csv:2: a quoted cell is not closed before the end of the file"],
    ],
    [
      "bytes that are not UTF-8",
      { "p.csv": Buffer.from("name,:LABEL\nAnn,P\nM\xfcller,P\n", "latin1") },
      ["p.csv:3: this is not UTF-8 text; convert the file, e.g. with iconv"],
    ],
    [
      "a line that is no JSON",
      { "g.jsonl": '{"labels":["A"]}\n{"labels":\n' },
      [expect.stringMatching(/^g\.jsonl:2: not JSON: /) as unknown as string],
    ],
    [
      "JSON of another shape",
      { "g.jsonl": '[]\n{"labels":"A"}\n{"labels":["A"],"name":"x"}\n{"label":"K","from":1}\n' },
      [
        "g.jsonl:1: a line is one JSON object",
        'g.jsonl:2: "labels" must be a list of labels',
        'g.jsonl:3: a node has no field "name"; put properties inside "properties"',
        'g.jsonl:4: "to" must be a text or a whole number: the id of a node',
      ],
    ],
    [
      "both an id and a reference",
      { "g.jsonl": '{"labels":[],"id":1,"ref":1}\n', "p.csv": "id:ID,:REF,:LABEL\n1,1,P\n" },
      [
        'g.jsonl:1: a node has an "id", which is kept, or a "ref", which is not',
        "p.csv:1: nodes have an :ID column, which is kept, or a :REF column, which is not",
      ],
    ],
    [
      "JSON cells that are none",
      {
        "p.csv":
          ':REF,v:json,:PROPERTIES,:LABEL(json)\n1,{,,[]\n2,,[],[]\n3,,,A\n4,,"{""v"":1,""v2"":1}",[1]\n',
      },
      [
        'p.csv:2: column 2 (v:json): "{" is no json',
        "p.csv:3: column 3 (:PROPERTIES): the cell is no JSON object",
        "p.csv:4: column 4 (:LABEL(json)): the cell is no JSON list of labels",
        "p.csv:5: column 4 (:LABEL(json)): the cell is no JSON list of labels",
      ],
    ],
    [
      "a value that is none",
      { "g.jsonl": '{"labels":["A"],"properties":{"v":{"$int":"x"}}}\n' },
      [expect.stringMatching(/^g\.jsonl:1: .*properties\.v/) as unknown as string],
    ],
    [
      "a line that is too long",
      { "g.jsonl": `{"labels":["A"],"properties":{"v":"${"x".repeat(600_000)}"}}\n` },
      ["g.jsonl:1: the line is longer than 524288 characters"],
    ],
  ])("%s", async (_name, contents, expected) => {
    const good = await file("good.csv", "id:ID,:LABEL\ng,Good\n");
    const sources = [good];
    for (const [name, content] of Object.entries(contents)) sources.push(await file(name, content));
    expect(await run(sources)).toEqual(expected);
    expect(await counts()).toEqual(["[0,0]"]);
  });

  test("after twenty it is enough", async () => {
    const bad = await file("p.csv", `v:int,:LABEL\n${"x,P\n".repeat(1000)}`);
    expect(await run([bad])).toHaveLength(20);
  });
});

describe("run again", () => {
  const sources = async () => [
    await file("p.csv", "id:ID,:LABEL\na,P\nb,P\nc,P\n"),
    await file("e.csv", ":START_ID,:END_ID,:TYPE\na,b,K\nb,c,K\nc,a,K\n"),
  ];

  test("an import that is complete changes nothing, whatever the order of its files", async () => {
    const [people, knows] = await sources();
    expect(await run([people!, knows!])).toEqual({ created: 6, present: 0 });
    expect(await run([knows!, people!])).toEqual({ created: 0, present: 6 });
    expect(await counts()).toEqual(["[3,3]"]);
  });

  test("an import that stopped anywhere is completed, nothing twice", async () => {
    const files = await sources();
    const real = databaseTarget(database, principal, undefined);
    for (let healthy = 0; ; healthy++) {
      let left = healthy;
      const failing: Target = {
        run(text, data, key) {
          if (left-- === 0) return Promise.reject(new Error("disk full"));
          return real.run(text, data, key);
        },
      };
      const outcome = await run(files, { target: failing, batch: 1 }).catch(
        (error: unknown) => error,
      );
      if (!(outcome instanceof ImportStopped)) break;
      expect(outcome.message).toBe("disk full");
      expect(outcome.elementsWritten).toBeLessThan(6);
    }
    expect(await counts()).toEqual(["[3,3]"]);
  });

  test("a batch that was written although its answer was lost is not written again", async () => {
    const files = await sources();
    const real = databaseTarget(database, principal, undefined);
    let calls = 0;
    const deaf: Target = {
      async run(text, data, key) {
        const answer = await real.run(text, data, key);
        if (++calls === 4) throw new Error("connection lost");
        return answer;
      },
    };
    await expect(run(files, { target: deaf, batch: 2 })).rejects.toThrow(ImportStopped);
    const again = await run(files, { batch: 2 });
    expect(again).toEqual({ created: 1, present: 5 });
    expect(await counts()).toEqual(["[3,3]"]);
  });

  test("an interrupted import says how to go on, and goes on", async () => {
    const files = (await sources()).map(({ file: name }) => name);
    const data = join(directory, "data");
    const options = {
      url: "",
      data,
      offline: true,
      dryRun: false,
      batch: 1,
    };
    const early = new ScriptTerminal();
    early.interrupt();
    await expect(runImport(files, options, early)).rejects.toMatchObject({
      exitCode: 130,
      message: "interrupted; nothing was imported",
    });
    const terminal = new ScriptTerminal();
    await runImport(files, options, terminal);
    expect(terminal.output).toBe("Imported 3 nodes and 3 edges.\n");
  });

  test("what is told of a commit may end the import, and the commit counts", async () => {
    const manifest = await inspect(await sources(), new Problems(), () => undefined);
    const target = databaseTarget(database, principal, undefined);
    const onWritten = () => {
      throw new Error("stop");
    };
    await expect(write(manifest!, target, { batch: 2, onWritten })).rejects.toMatchObject({
      elementsWritten: 2,
      message: "stop",
    });
  });

  test("nodes that are there already stay as they are", async () => {
    await run([await file("p.csv", "id:ID,age:int,:LABEL\na,1,P\n")]);
    const outcome = await run([await file("p.csv", "id:ID,age:int,:LABEL\na,2,P\nb,2,P\n")]);
    expect(outcome).toEqual({ created: 1, present: 1 });
    expect(await rows("MATCH (n:P) RETURN n.id, n.age ORDER BY n.id")).toEqual([
      '["a",1]',
      '["b",2]',
    ]);
  });

  test("a file that changes in between stops the import", async () => {
    const people = await file("p.csv", "id:ID,:LABEL\na,P\n");
    const problems = new Problems();
    const manifest = await inspect([people], problems, () => undefined);
    await file("p.csv", "id:ID,:LABEL\na,P\nb,P\n");
    const target = databaseTarget(database, principal, undefined);
    await expect(
      write(manifest!, target, { batch: 10, onWritten: () => undefined }),
    ).rejects.toThrow("the file changed while it was being imported");
    expect(await counts()).toEqual(["[0,0]"]);
  });
});

test("twenty thousand nodes and edges arrive complete, in batches of their size", async () => {
  const count = 10_000;
  const lines = ["id:ID,n:int,:LABEL"];
  for (let n = 0; n < count; n++) lines.push(`p${n},${n},P${n % 3}`);
  const edges = [":START_ID,:END_ID,:TYPE"];
  for (let n = 0; n < count; n++) edges.push(`p${n},p${(n * 7 + 1) % count},K`);
  const real = databaseTarget(database, principal, undefined);
  const sizes: number[] = [];
  const target: Target = {
    run(text, data, key) {
      sizes.push(data.length);
      return real.run(text, data, key);
    },
  };
  const sources = [await file("p.csv", lines.join("\n")), await file("e.csv", edges.join("\n"))];
  expect(await run(sources, { target, batch: 500 })).toEqual({ created: 2 * count, present: 0 });
  expect(Math.max(...sizes)).toBe(500);
  expect(await counts()).toEqual([`[${count},${count}]`]);
});

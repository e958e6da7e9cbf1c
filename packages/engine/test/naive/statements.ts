import type { Choices } from "./choices.ts";

/*
 * Random statements over a small world of names, so that what one asks for is often there. All of them are well-formed: an error of
 * syntax or of names is a mistake of this file or of the database.
 */

type Kind =
  | "node"
  | "edge"
  | "path"
  | "nodes"
  | "edges"
  | "scalar"
  /** A list whose order nothing defines. */
  | "bag";

interface Variable {
  readonly name: string;
  readonly kind: Kind;
}

export interface RandomStatement {
  readonly text: string;
  /** Whether it may fail, depending on the data and on the order in which conditions are looked at. */
  readonly risky: boolean;
}

/** A statement that inserts a graph of up to 12 nodes. */
export function randomGraph(choices: Choices): string {
  const value = (): string =>
    choices.pick(["1", "0", "2", "2.0", "1.5", "'a'", "'b'", "true", "[1, 2]", "-1"]);
  const properties = (): string => {
    const fields = ["x", "y", "z"].flatMap((key) =>
      choices.chance(55) ? [`${key}: ${value()}`] : [],
    );
    return fields.length > 0 ? ` {${fields.join(", ")}}` : "";
  };
  const label = (): string => choices.pick([":A", "", ":B", ":A&B", ":A"]);
  const nodes = choices.many(
    1,
    choices.chance(20) ? 12 : 7,
    (i) => `(n${i}${label()}${properties()})`,
  );
  const edges = choices.many(0, 9, () => {
    const [from, to] = [choices.below(nodes.length), choices.below(nodes.length)];
    return `(n${from})-[:${choices.pick(["R", "S"])}${properties()}]->(n${to})`;
  });
  return `INSERT ${[...nodes, ...edges].join(", ")}`;
}

export function randomRead(choices: Choices): RandomStatement {
  const maker = new Maker(choices, []);
  const text = maker.query(2);
  return { text, risky: maker.risky };
}

export function randomWrite(choices: Choices): RandomStatement {
  const maker = new Maker(choices, []);
  const text = maker.writing();
  return { text, risky: maker.risky };
}

/** Makes the parts of one statement, which see the variables of those before them. */
class Maker {
  readonly #choices: Choices;
  #scope: readonly Variable[];
  readonly #names: { count: number };
  /** What is bound behind `?` in the MATCH under construction: no other part of it may join with that. */
  #conditional: ReadonlySet<string> = new Set();
  /** Whether a subquery may stand here. */
  #subqueries = true;
  risky = false;

  constructor(
    choices: Choices,
    scope: readonly Variable[],
    names: { count: number } = { count: 0 },
  ) {
    this.#choices = choices;
    this.#scope = scope;
    this.#names = names;
  }

  // Queries

  query(depth: number): string {
    const choices = this.#choices;
    if (depth > 0 && choices.chance(15)) {
      const first = this.#linear(depth, true);
      this.#scope = this.#scope.filter(({ kind }) => kind !== "path");
      return `${first} NEXT ${this.#linearOrSet(depth)}`;
    }
    return this.#linearOrSet(depth);
  }

  #linearOrSet(depth: number): string {
    const choices = this.#choices;
    if (!choices.chance(15)) return this.#linear(depth, false);
    const operator = choices.pick([
      "UNION ALL",
      "UNION",
      "EXCEPT",
      "EXCEPT ALL",
      "INTERSECT",
      "INTERSECT ALL",
      "OTHERWISE",
    ]);
    const outer = this.#scope;
    const count = 1 + choices.below(2);
    const branches = choices.many(2, 3, () => {
      this.#scope = outer;
      const clauses = this.#clauses(1);
      const items = Array.from({ length: count }, (_, i) => `${this.#scalar(1)} AS c${i}`);
      return `${clauses} RETURN ${items.join(", ")}`.trim();
    });
    this.#scope = Array.from({ length: count }, (_, i) => ({ name: `c${i}`, kind: "scalar" }));
    return branches.join(` ${operator} `);
  }

  /** `continues`: the columns are what comes after it sees. */
  #linear(depth: number, continues: boolean): string {
    const clauses = this.#clauses(depth);
    return `${clauses} ${this.#result("RETURN", continues)}`.trim();
  }

  #clauses(depth: number): string {
    const choices = this.#choices;
    const clauses = [this.#match(false)];
    for (let left = choices.below(depth + 1); left > 0; left--) clauses.push(this.#clause(depth));
    return clauses.join(" ");
  }

  #clause(depth: number): string {
    const choices = this.#choices;
    switch (choices.below(10)) {
      case 0:
        return this.#match(false);
      case 1:
      case 2:
        return this.#match(true);
      case 3:
        return `FILTER ${this.#condition(2)}`;
      case 4: {
        const value = this.#scalar(2);
        const variable = this.#new("scalar");
        return `LET ${variable} = ${value}`;
      }
      case 5:
        return this.#for();
      case 6:
      case 7:
        return this.#result("WITH", true);
      case 8:
        return `OPTIONAL { ${this.#match(false)} ${this.#match(choices.chance(40))} }`;
      default:
        return depth > 0 ? this.#call() : this.#match(true);
    }
  }

  #for(): string {
    const choices = this.#choices;
    const group = this.#some(["bag", "nodes", "edges"]);
    if (group && choices.chance(50)) {
      const kind = group.kind === "nodes" ? "node" : group.kind === "edges" ? "edge" : "scalar";
      return `FOR ${this.#new(kind)} IN ${group.name}`;
    }
    const list = this.#list(1);
    const variable = this.#new("scalar");
    const counter = choices.chance(30)
      ? ` WITH ${choices.pick(["ORDINALITY", "OFFSET"])} ${this.#new("scalar")}`
      : "";
    return `FOR ${variable} IN ${list}${counter}`;
  }

  #call(): string {
    const choices = this.#choices;
    const outer = this.#scope;
    const scoped = choices.chance(50) ? outer.filter(() => choices.chance(60)) : null;
    if (scoped) this.#scope = scoped;
    const clauses = this.#clauses(0);
    const count = choices.chance(40);
    const item = count ? "count(*)" : this.#scalar(1);
    this.#scope = outer;
    const column = this.#new("scalar");
    const names = scoped ? ` (${scoped.map(({ name }) => name).join(", ")})` : "";
    const optional = choices.chance(25) ? "OPTIONAL " : "";
    return `${optional}CALL${names} { ${clauses} RETURN ${item} AS ${column} }`;
  }

  /** RETURN or WITH. What is new has no order that could be foretold: `ordered` allows ORDER BY, OFFSET and LIMIT. */
  #result(word: "RETURN" | "WITH", continues: boolean, ordered = true): string {
    const choices = this.#choices;
    const prefix = word === "WITH" ? "w" : "c";
    const columns: Variable[] = [];
    const items: string[] = [];
    const add = (text: string, kind: Kind): void => {
      const name = continues ? `${prefix}${++this.#names.count}` : `c${columns.length}`;
      columns.push({ name, kind });
      items.push(`${text} AS ${name}`);
    };
    const before = this.#scope;
    const aggregates = choices.chance(35);
    const passed = before.filter(({ kind }) => kind !== "bag");
    for (let left = (aggregates ? 0 : 1) + choices.below(3); left > 0; left--) {
      const variable = this.#one(passed);
      if (variable && choices.chance(word === "WITH" ? 60 : 30)) add(variable.name, variable.kind);
      else add(this.#scalar(1), "scalar");
    }
    if (aggregates) {
      for (let left = 1 + choices.below(2); left > 0; left--) {
        const [text, kind] = this.#aggregate();
        add(text, kind);
      }
    }
    const distinct = choices.chance(20) ? "DISTINCT " : "";
    const merged = distinct !== "" || aggregates;
    const tail = ordered ? this.#tail(columns, merged, continues) : "";
    this.#scope = columns;
    const where = word === "WITH" && choices.chance(25) ? ` WHERE ${this.#condition(1)}` : "";
    return `${word} ${distinct}${items.join(", ")}${tail}${where}`;
  }

  /** In the middle of a query a window is over an order that is total, so that there is one right answer. */
  #tail(columns: readonly Variable[], merged: boolean, continues: boolean): string {
    const choices = this.#choices;
    const direction = (): string => choices.pick(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]);
    const sortable = columns.filter(({ kind }) => kind !== "bag");
    if (continues) {
      if (!choices.chance(20) || sortable.length < columns.length) return "";
      return ` ORDER BY ${columns.map(({ name }) => name + direction()).join(", ")} LIMIT ${choices.below(4)}`;
    }
    const keys = choices.chance(40)
      ? choices.many(1, 2, () => {
          const column = this.#one(sortable);
          if (!merged && choices.chance(30)) return this.#scalar(1) + direction();
          return column ? column.name + direction() : "1";
        })
      : [];
    const orderBy = keys.length > 0 ? ` ORDER BY ${keys.join(", ")}` : "";
    const offset = choices.chance(12) ? ` OFFSET ${choices.below(3)}` : "";
    const limit = choices.chance(20) ? ` LIMIT ${choices.below(5)}` : "";
    return orderBy + offset + limit;
  }

  #aggregate(): [text: string, kind: Kind] {
    const choices = this.#choices;
    const distinct = choices.chance(25) ? "DISTINCT " : "";
    const argument = (): string => {
      const element = this.#some(["node", "edge"]);
      return element && choices.chance(30) ? element.name : this.#scalar(1);
    };
    switch (choices.below(6)) {
      case 0:
        return ["count(*)", "scalar"];
      case 1:
        return [`count(${distinct}${argument()})`, "scalar"];
      case 2:
        return [`min(${this.#scalar(1)})`, "scalar"];
      case 3:
        return [`max(${this.#scalar(1)})`, "scalar"];
      case 4:
        return [`collect(${distinct}${this.#scalar(1)})`, "bag"];
      default:
        this.risky = true;
        return [`${choices.pick(["sum", "avg"])}(${distinct}${this.#scalar(1)})`, "scalar"];
    }
  }

  // Patterns

  #match(optional: boolean): string {
    const choices = this.#choices;
    const repeatable = choices.chance(7);
    const mode = repeatable ? "REPEATABLE ELEMENTS " : "";
    const used = new Set<string>();
    const around = this.#conditional;
    this.#conditional = new Set();
    const paths = choices.many(1, choices.chance(25) ? 2 : 1, () => this.#path(repeatable, used));
    this.#conditional = around;
    const where = choices.chance(35) ? ` WHERE ${this.#condition(2)}` : "";
    return `${optional ? "OPTIONAL " : ""}MATCH ${mode}${paths.join(", ")}${where}`;
  }

  #path(repeatable: boolean, used: Set<string>): string {
    const choices = this.#choices;
    const prefix = choices.chance(8)
      ? `${choices.pick(repeatable ? ["TRAIL", "ACYCLIC"] : ["TRAIL", "ACYCLIC", "SIMPLE"])} `
      : "";
    const hops = choices.below(3);
    let text = this.#node();
    for (let hop = 0; hop < hops; hop++) text += this.#hop(repeatable, used) + this.#node();
    if (choices.chance(12)) return `${this.#new("path")} = ${prefix}${text}`;
    return prefix + text;
  }

  #node(): string {
    const choices = this.#choices;
    const known = this.#some(["node"]);
    if (known && !this.#conditional.has(known.name) && choices.chance(35)) {
      const labels = choices.chance(20) ? this.#labels(["A", "B"]) : "";
      return `(${known.name}${labels}${this.#properties(15)})`;
    }
    const labels = choices.chance(60) ? this.#labels(["A", "B"]) : "";
    if (choices.chance(30)) return `(${labels}${this.#properties(20)})`;
    const name = this.#fresh("n");
    const properties = this.#properties(20);
    this.#declare(name, "node");
    const where = choices.chance(8) ? ` WHERE ${this.#condition(1)}` : "";
    return `(${name}${labels}${where === "" ? properties : where})`;
  }

  #labels([a, b]: readonly [string, string]): string {
    return this.#choices.pick([`:${a}`, `:${b}`, `:${a}|${b}`, `:!${a}`, `:${a}&${b}`, ":%"]);
  }

  #properties(percent: number): string {
    const choices = this.#choices;
    if (!choices.chance(percent)) return "";
    return ` {${choices.pick(["x", "y"])}: ${this.#scalar(0)}}`;
  }

  /** `bodies`: whether a parenthesised path may stand here. */
  #hop(repeatable: boolean, used: Set<string>, bodies = true): string {
    const choices = this.#choices;
    const [left, right] = choices.pick<readonly [string, string]>([
      ["-[", "]->"],
      ["<-[", "]-"],
      ["-[", "]-"],
      ["<-[", "]->"],
    ]);
    const labels = choices.chance(45)
      ? choices.chance(75)
        ? choices.pick([":R", ":S"])
        : choices.pick([":R|S", ":!R", ":%"])
      : "";
    if (choices.chance(22)) return this.#repetition([left, right], labels, repeatable, bodies);
    if (bodies && choices.chance(12)) return this.#choice(repeatable);
    const known = this.#some(["edge"]);
    const free = known && !used.has(known.name) && !this.#conditional.has(known.name);
    if (free && choices.chance(12)) {
      used.add(known.name);
      return `${left}${known.name}${labels}${right}`;
    }
    if (choices.chance(30)) return `${left}${labels}${this.#properties(15)}${right}`;
    const name = this.#fresh("e");
    used.add(name);
    const properties = this.#properties(15);
    this.#declare(name, "edge");
    const where = choices.chance(10) ? ` WHERE ${this.#condition(1)}` : "";
    return `${left}${name}${labels}${where === "" ? properties : where}${right}`;
  }

  #repetition(
    [left, right]: readonly [string, string],
    labels: string,
    repeatable: boolean,
    bodies: boolean,
  ): string {
    const choices = this.#choices;
    const bounded = ["{1,2}", "?", "{2}", "{0,1}", "{0,2}", "{1,3}"] as const;
    const quantifier = choices.pick(repeatable ? bounded : [...bounded, "*", "+", "{2,}"]);
    const kinds: readonly [Kind, Kind] = quantifier === "?" ? ["edge", "node"] : ["edges", "nodes"];
    const outer = this.#scope;
    const inner: Variable[] = [];
    const local = (prefix: string, kind: "node" | "edge", outside: Kind): string => {
      if (choices.chance(40)) return "";
      const name = this.#fresh(prefix);
      this.#declare(name, kind);
      inner.push({ name, kind: outside });
      return name;
    };
    const body = bodies && choices.chance(30);
    const first = body ? local("n", "node", kinds[1]) : "";
    const edge = local("e", "edge", kinds[0]);
    const last = body ? local("n", "node", kinds[1]) : "";
    const where =
      (bodies || edge !== "") && choices.chance(25) ? ` WHERE ${this.#condition(1)}` : "";
    this.#scope = [...outer, ...inner];
    if (quantifier === "?")
      this.#conditional = new Set([...this.#conditional, ...inner.map(({ name }) => name)]);
    if (!body) return `${left}${edge}${labels}${where}${right}${quantifier}`;
    return `((${first})${left}${edge}${labels}${right}(${last})${where})${quantifier}`;
  }

  /** Paths of which one is taken, perhaps several times; sometimes one path with a mode or a name. */
  #choice(repeatable: boolean): string {
    const choices = this.#choices;
    const quantifier = choices.pick(["", "", "", "{1,2}", "{2}", "?"]);
    const outer = this.#scope;
    const operator = choices.pick([" | ", " |+| "]);
    const shared = choices.chance(50) ? this.#fresh("n") : "";
    const own: Variable[] = [];
    const path = (): string => {
      const edge = choices.chance(50) ? this.#fresh("e") : "";
      const [left, right] = choices.pick<readonly [string, string]>([
        ["-[", "]->"],
        ["<-[", "]-"],
        ["-[", "]-"],
      ]);
      const times = choices.chance(20) ? choices.pick(["{1,2}", "{2}", "body"]) : "";
      if (edge !== "") own.push({ name: edge, kind: times === "" ? "edge" : "edges" });
      const labels = choices.pick([":R", ":S", "", "", ":R|S"]);
      const longer = choices.chance(20) ? `-[:R]-(:A)` : "";
      if (times === "body") return `(${shared})((:A)${left}${edge}${labels}${right}()){1}()`;
      return `(${shared})${left}${edge}${labels}${right}${times}()${longer}`;
    };
    const single = choices.chance(15);
    const paths = single ? [path()] : choices.many(2, 3, path);
    const mode = choices.chance(25)
      ? choices.pick(repeatable ? ["TRAIL ", "ACYCLIC "] : ["TRAIL ", "ACYCLIC ", "SIMPLE "])
      : "";
    const repeated = quantifier !== "" && quantifier !== "?";
    const listed = (kind: Kind): Kind => {
      if (!repeated) return kind;
      return kind === "node" ? "nodes" : "edges";
    };
    const variables = own.map(({ name, kind }) => ({ name, kind: listed(kind) }));
    if (shared !== "") variables.push({ name: shared, kind: listed("node") });
    this.#scope = [...outer, ...variables];
    const mayBeAbsent = variables.filter(
      ({ name, kind }) => kind === "edge" || (name === shared && quantifier === "?"),
    );
    this.#conditional = new Set([...this.#conditional, ...mayBeAbsent.map(({ name }) => name)]);
    return `(${mode}${paths.join(operator)})${quantifier}`;
  }

  // Expressions

  #condition(depth: number): string {
    const choices = this.#choices;
    const operand = (): string => this.#scalar(depth - 1);
    switch (choices.below(depth > 0 ? (this.#subqueries ? 16 : 11) : 5)) {
      case 0:
      case 1:
      case 2:
        return `${operand()} ${choices.pick(["=", "<>", "<", "<=", ">", ">="])} ${operand()}`;
      case 3:
        return `${operand()} IS ${choices.pick(["", "NOT "])}NULL`;
      case 4: {
        const node = this.#some(["node", "edge"]);
        if (!node) return `${operand()} = ${operand()}`;
        return `(${node.name} IS ${choices.pick(["", "NOT "])}LABELED ${choices.pick(["A", "B", "A|B", "!A", "%", "R"])})`;
      }
      case 5:
        return `(${this.#condition(depth - 1)} AND ${this.#condition(depth - 1)})`;
      case 6:
        return `(${this.#condition(depth - 1)} OR ${this.#condition(depth - 1)})`;
      case 7:
        return `NOT (${this.#condition(depth - 1)})`;
      case 8:
        return `(${this.#condition(depth - 1)} XOR ${this.#condition(depth - 1)})`;
      case 9:
        return `${operand()} ${choices.pick(["", "NOT "])}IN ${this.#list(depth - 1)}`;
      case 10: {
        const [one, other] = [this.#some(["node", "edge"]), this.#some(["node", "edge"])];
        if (!one || !other) return `${operand()} <= ${operand()}`;
        return `${one.name} ${choices.pick(["=", "<>"])} ${other.name}`;
      }
      case 11:
        return `${choices.pick(["", "NOT "])}EXISTS { ${this.#subquery("", depth - 1)} }`;
      case 12: {
        const list = this.#list(depth - 1);
        const outer = this.#scope;
        const item = this.#new("scalar");
        const condition = this.#condition(depth - 1);
        this.#scope = outer;
        return `${choices.pick(["any", "all", "none", "single"])}(${item} IN ${list} WHERE ${condition})`;
      }
      case 13:
        if (choices.chance(30))
          return `${operand()} =~ ${choices.pick(["'a'", "'[ab]?'", "'.*'", "'b|a'", "null"])}`;
        return `${operand()} ${choices.pick(["STARTS WITH", "ENDS WITH", "CONTAINS"])} ${operand()}`;
      case 14:
        return `(${this.#condition(depth - 1)}) IS ${choices.pick(["", "NOT "])}${choices.pick(["TRUE", "FALSE", "UNKNOWN"])}`;
      default:
        return `${operand()} < ${operand()} <= ${operand()}`;
    }
  }

  #scalar(depth: number): string {
    const choices = this.#choices;
    const inner = (): string => this.#scalar(depth - 1);
    if (depth <= 0 || choices.chance(55)) return this.#leaf();
    switch (choices.below(this.#subqueries ? 14 : 6)) {
      case 0:
        return `coalesce(${inner()}, ${inner()})`;
      case 1:
        return `CASE WHEN ${this.#condition(depth - 1)} THEN ${inner()} ELSE ${inner()} END`;
      case 2:
        return `CASE ${inner()} WHEN ${this.#whenOperand(depth)} THEN ${inner()} WHEN ${inner()}, ${this.#whenOperand(depth)} THEN ${inner()} END`;
      case 3:
        return `${this.#list(depth - 1)}[${choices.pick(["0", "1", "-1", "5"])}]`;
      case 4:
        return `size(${this.#list(depth - 1)})`;
      case 5:
        return `nullif(${inner()}, ${inner()})`;
      case 6:
        return `COUNT { ${this.#subquery("", depth - 1)} }`;
      case 7:
        if (choices.chance(40)) return this.#collected(depth - 1);
        return `VALUE { ${this.#subquery(" RETURN count(*) AS k", depth - 1)} }`;
      case 8: {
        const path = this.#some(["path"]);
        if (path) return `path_length(${path.name})`;
        const node = this.#some(["node"]);
        return node ? `size(labels(${node.name}))` : inner();
      }
      case 9: {
        const edge = this.#some(["edge"]);
        return edge ? `type(${edge.name})` : inner();
      }
      case 10: {
        const outer = this.#scope;
        const list = this.#list(depth - 1);
        const [sum, item] = [this.#fresh("s"), this.#new("scalar")];
        this.#declare(sum, "scalar");
        const step = this.#scalar(depth - 1);
        this.#scope = outer;
        return `reduce(${sum} = ${inner()}, ${item} IN ${list} | ${step})`;
      }
      case 11:
        return this.#pattern();
      case 12:
        this.risky = true;
        return `(${inner()} ${choices.pick(["+", "-", "*", "/", "%"])} ${inner()})`;
      default:
        return `(${this.#condition(depth - 1)})`;
    }
  }

  #whenOperand(depth: number): string {
    const choices = this.#choices;
    if (choices.chance(15)) return `IS ${choices.pick(["", "NOT "])}NULL`;
    return `${choices.pick(["", "", "< ", ">= ", "<> ", "= "])}${this.#scalar(depth - 1)}`;
  }

  /** How many a pattern comprehension finds. */
  #pattern(): string {
    const node = this.#some(["node"]);
    if (!node) return this.#leaf();
    const outer = this.#scope;
    const used = new Set<string>();
    const hop = this.#hop(false, used, false);
    const end = this.#node();
    const projection = this.#scalar(0);
    this.#scope = outer;
    return `size([(${node.name})${hop}${end} | ${projection}])`;
  }

  #subquery(result: string, depth: number): string {
    const outer = this.#scope;
    const choices = this.#choices;
    let text = this.#match(false);
    if (depth > 0 && choices.chance(30)) text += ` ${this.#match(choices.chance(50))}`;
    this.#scope = outer;
    return text + result;
  }

  /** How many values of a subquery are more than something: the list itself has no order. */
  #collected(depth: number): string {
    const outer = this.#scope;
    const query = this.#match(false);
    const value = this.#scalar(depth);
    this.#scope = outer;
    const item = this.#fresh("v");
    return `size([${item} IN COLLECT { ${query} RETURN ${value} AS k } WHERE ${item} > 0])`;
  }

  #leaf(): string {
    const choices = this.#choices;
    const variable = this.#some(["node", "edge", "scalar", "nodes", "edges", "bag"]);
    if (variable && choices.chance(75)) {
      switch (variable.kind) {
        case "node":
        case "edge":
          return `${variable.name}.${choices.pick(["x", "x", "y", "z"])}`;
        case "nodes":
        case "edges":
        case "bag":
          return `size(${variable.name})`;
        case "scalar":
        case "path":
          return variable.name;
      }
    }
    return choices.pick([
      "1",
      "0",
      "2",
      "'a'",
      "2.0",
      "1.5",
      "true",
      "NULL",
      "'b'",
      "-1",
      "$p",
      "$q",
    ]);
  }

  #list(depth: number): string {
    const choices = this.#choices;
    const items = choices.many(0, 3, () => this.#scalar(depth));
    const list = `[${items.join(", ")}]`;
    if (depth <= 0 || !choices.chance(30)) return list;
    if (choices.chance(30)) return `${list}[${choices.below(2)}..${choices.below(3)}]`;
    const outer = this.#scope;
    const item = this.#new("scalar");
    const condition = choices.chance(60) ? ` WHERE ${this.#condition(depth - 1)}` : "";
    const projection = choices.chance(60) ? ` | ${this.#scalar(depth - 1)}` : "";
    this.#scope = outer;
    return `[${item} IN ${list}${condition}${projection}]`;
  }

  // Writes

  writing(): string {
    const choices = this.#choices;
    if (!choices.chance(12)) return this.#linearWriting();
    const element = this.#match(false);
    const known = this.#scope.filter(({ kind }) => kind === "node" || kind === "edge");
    const before = known.length > 0 && choices.chance(60);
    const outer = before ? known : [];
    const operator = choices.pick(["UNION ALL", "UNION ALL", "OTHERWISE", "UNION"]);
    const sides = choices.many(2, 3, () => {
      this.#scope = outer;
      const clauses = choices.chance(30) ? this.#clauses(0) : this.#linearWriting(false);
      return `${clauses} RETURN ${this.#scalar(1)} AS c0`;
    });
    const combined = sides.join(` ${operator} `);
    if (!before) return combined;
    return `${element} RETURN ${known.map(({ name }) => name).join(", ")} NEXT ${combined}`;
  }

  #linearWriting(returns = true): string {
    const choices = this.#choices;
    const clauses = choices.chance(85) ? [this.#match(choices.chance(15))] : [];
    if (choices.chance(12)) clauses.push(this.#clause(0));
    for (let left = 1 + choices.below(2); left > 0; left--) clauses.push(this.#write());
    if (returns && choices.chance(40)) clauses.push(this.#result("RETURN", false, false));
    return clauses.join(" ");
  }

  #write(): string {
    const choices = this.#choices;
    const element = this.#some(["node", "edge"]);
    switch (choices.below(9)) {
      case 0:
      case 1:
        return this.#insert();
      case 2:
      case 3:
        return element
          ? `SET ${choices.many(1, 2, () => this.#setItem()).join(", ")}`
          : this.#insert();
      case 4: {
        if (!element) return this.#insert();
        if (element.kind === "node" && choices.chance(50))
          return `REMOVE ${element.name}:${choices.pick(["A", "B"])}`;
        return `REMOVE ${element.name}.${choices.pick(["x", "y"])}`;
      }
      case 5: {
        if (!element) return this.#insert();
        const detach = choices.pick(["DETACH ", "", "NODETACH "]);
        if (detach !== "DETACH ") this.risky = true;
        return `${detach}DELETE ${element.name}`;
      }
      case 6:
        return this.#foreach();
      default:
        return this.#merge();
    }
  }

  #foreach(): string {
    const outer = this.#scope;
    const list = this.#list(1);
    const item = this.#new("scalar");
    const changes = this.#choices
      .many(1, 2, () => (this.#some(["node", "edge"]) ? `SET ${this.#setItem()}` : this.#insert()))
      .join(" ");
    this.#scope = outer;
    return `FOREACH (${item} IN ${list} | ${changes})`;
  }

  #setItem(): string {
    const choices = this.#choices;
    const element = this.#some(["node", "edge"]);
    if (!element) throw new Error("nothing to set anything of");
    if (element.kind === "node" && choices.chance(25))
      return `${element.name}:${choices.pick(["A", "B", "C"])}`;
    // Rows may disagree about the value.
    this.risky = true;
    if (choices.chance(25)) {
      const other = this.#some(["node", "edge"]);
      const record =
        other && choices.chance(40) ? other.name : `{x: ${this.#scalar(1)}, w: ${this.#scalar(0)}}`;
      return `${element.name} ${choices.pick(["=", "+="])} ${record}`;
    }
    return `${element.name}.${choices.pick(["x", "y"])} = ${this.#scalar(1)}`;
  }

  #insert(): string {
    const choices = this.#choices;
    // What a subquery sees of an INSERT under way is nobody's business.
    this.#subqueries = false;
    const made: Variable[] = [];
    const end = (mayBeKnown: boolean): string => {
      const known = this.#some(["node"]);
      if (mayBeKnown && known && choices.chance(60)) {
        this.risky = true;
        return `(${known.name})`;
      }
      const name = this.#fresh("n");
      made.push({ name, kind: "node" });
      const properties = choices.chance(70) ? ` {x: ${this.#scalar(1)}}` : "";
      return `(${name}${choices.pick([":A", "", ":B", ":A&B"])}${properties})`;
    };
    const text = choices.many(1, 2, () => {
      if (!choices.chance(60)) return end(false);
      const [from, to] = [end(true), end(true)];
      const name = this.#fresh("e");
      made.push({ name, kind: "edge" });
      const properties = choices.chance(40) ? ` {x: ${this.#scalar(1)}}` : "";
      const edge = `[${name}:${choices.pick(["R", "S"])}${properties}]`;
      return choices.chance(70) ? `${from}-${edge}->${to}` : `${from}<-${edge}-${to}`;
    });
    this.#subqueries = true;
    this.#scope = [...this.#scope, ...made];
    return `INSERT ${text.join(", ")}`;
  }

  #merge(): string {
    const choices = this.#choices;
    this.risky = true;
    const made: Variable[] = [];
    const end = (mayBeKnown: boolean): string => {
      const known = this.#some(["node"]);
      if (mayBeKnown && known && choices.chance(60)) return `(${known.name})`;
      const name = this.#fresh("n");
      made.push({ name, kind: "node" });
      const properties = choices.chance(70) ? ` {x: ${this.#scalar(0)}}` : "";
      return `(${name}${choices.pick([":A", ":B", ""])}${properties})`;
    };
    let text = end(false);
    if (choices.chance(60)) {
      const from = end(true);
      made.splice(
        0,
        made.length,
        ...made.filter(
          ({ name }) =>
            from.includes(`${name}:`) || from.includes(`${name} `) || from === `(${name})`,
        ),
      );
      const to = end(true);
      const name = this.#fresh("e");
      made.push({ name, kind: "edge" });
      const edge = `[${name}:${choices.pick(["R", "S"])}]`;
      text = `${from}${choices.pick([`-${edge}->`, `<-${edge}-`, `-${edge}-`])}${to}`;
    }
    this.#scope = [...this.#scope, ...made];
    const fresh = made[0];
    const onCreate =
      choices.chance(30) && fresh ? ` ON CREATE SET ${fresh.name}.y = ${this.#scalar(0)}` : "";
    const onMatch = choices.chance(30) && fresh ? ` ON MATCH SET ${fresh.name}.y = 7` : "";
    return `MERGE ${text}${onCreate}${onMatch}`;
  }

  // Names

  #fresh(prefix: string): string {
    return `${prefix}${this.#names.count++}`;
  }

  #new(kind: Kind): string {
    const name = this.#fresh(
      kind === "node" ? "n" : kind === "edge" ? "e" : kind === "path" ? "p" : "v",
    );
    this.#declare(name, kind);
    return name;
  }

  #declare(name: string, kind: Kind): void {
    this.#scope = [...this.#scope, { name, kind }];
  }

  #some(kinds: readonly Kind[]): Variable | undefined {
    return this.#one(this.#scope.filter(({ kind }) => kinds.includes(kind)));
  }

  #one(variables: readonly Variable[]): Variable | undefined {
    return variables[this.#choices.below(Math.max(1, variables.length))];
  }
}

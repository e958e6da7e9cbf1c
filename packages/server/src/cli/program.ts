import { LIMIT_NAMES, LIMITS } from "@geode/protocol";
import { Command, Option } from "commander";
import { runImport, type ImportOptions } from "../import/command.ts";
import { runBackup, runRestore } from "../copy/backup.ts";
import type { CopySourceOptions } from "../copy/source.ts";
import { EXPORT_FORMATS, runExport, type ExportOptions } from "../export/command.ts";
import {
  runConnections,
  runRevoke,
  type ConnectionsOptions,
  type RevokeOptions,
} from "./administration.ts";
import { runCheck } from "./check.ts";
import { applyConfigFile } from "./config-file.ts";
import { applyFlagVariables } from "./flag-variables.ts";
import { FORMATS } from "./format.ts";
import {
  count,
  duration,
  list,
  parameter,
  port,
  rate,
  readers,
  repeated,
  webSocketUrl,
} from "./options.ts";
import { runPolicy } from "../policy/command.ts";
import type { AccessOptions } from "./access.ts";
import { runQuery, type QueryOptions } from "./query.ts";
import { runServe, type ServeOptions } from "./serve.ts";
import type { Terminal } from "./terminal.ts";
import { runToken, type TokenOptions } from "./token.ts";

const DEFAULT_DATA = "geode-data";
const DEFAULT_URL = "ws://127.0.0.1:8443/ws";

/** The `geode` command with everything under it. Its actions reject with CommandError or GeodeError. */
export function geodeProgram(terminal: Terminal): Command {
  const program = new Command("geode")
    .description("A real-time graph database: one server, one WebSocket, every query live.")
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
    })
    .configureHelp({ optionDescription })
    .showHelpAfterError("Add --help to see what is possible.")
    .exitOverride()
    .addHelpText("after", PROGRAM_HELP);
  program.hook("preAction", async (_program, command) => {
    applyFlagVariables(command, terminal.env);
    const { config } = command.opts<{ config?: string }>();
    if (config !== undefined) await applyConfigFile(command, config);
  });
  const commands = [
    serve,
    token,
    query,
    policy,
    importFiles,
    exportGraph,
    backup,
    restore,
    check,
    connections,
    revoke,
  ];
  for (const command of commands) {
    const added = command(terminal).addOption(
      option("--config <file>", "read options from a JSON file"),
    );
    program.addCommand(added.copyInheritedSettings(program));
  }
  return program;
}

function serve(terminal: Terminal): Command {
  const command = new Command("serve")
    .description("Run the server: database, WebSocket and console on one port.")
    .addOption(option("--port <n>", "port; 0 takes any free one").default(8443).argParser(port))
    .addOption(option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(dataOption("directory that holds the data; made if need be"))
    .addOption(
      flag("--demo", "fill in an example: the packages of a lock file, and this machine's load"),
    )
    .addOption(
      option("--demo-lock <file>", "the package-lock.json for --demo; default: the nearest one"),
    )
    .addOption(
      option("--durability <mode>", "when a write is answered: safe on disk, or a moment before")
        .choices(["durable", "relaxed"])
        .default("durable"),
    )
    .addOption(
      option(
        "--readers <n>",
        "threads for queries that take long, each with a copy of the graph in memory; 0: none, and such a query holds up all others",
      )
        .default(1)
        .argParser(readers),
    )
    .addOption(option("--tls-cert <file>", "certificate chain, PEM; SIGHUP reads it again"))
    .addOption(option("--tls-key <file>", "its private key, PEM"))
    .addOption(
      flag("--insecure", "listen on the network without TLS, e.g. behind a proxy that does it"),
    )
    .addOption(
      option(
        "--allowed-origins <origins>",
        "web pages that may connect, separated by commas; default: the server's own and those of this machine",
      ).argParser(list),
    )
    .addOption(
      option("--invalid-messages <how>", "what a message that cannot be understood leads to")
        .choices(["close", "tolerate"])
        .default("close"),
    )
    .addOption(
      option(
        "--rate-limit <n/time>",
        "messages of one user, whatever they are, e.g. 100/min; default: a rate for queries and one for the rest",
      ).argParser(rate),
    )
    .addOption(
      option(
        "--trusted-proxies <addresses>",
        "proxies whose X-Forwarded-For is believed: addresses and networks such as 10.0.0.0/8, separated by commas; this machine's always is",
      ).argParser(list),
    )
    .addOption(
      option(
        "--jwt-public-key <file>",
        "public keys or certificates (PEM) that tokens may be signed for, beside the secret; SIGHUP reads it again",
      ),
    )
    .addOption(
      option(
        "--jwks <url or file>",
        "the same as a set (JWKS), which its owner may change: https://…/jwks.json, or a file",
      ),
    )
    .addOption(
      option(
        "--jwt-algorithms <names>",
        "what those keys may be used with, e.g. RS256,ES256; default: all that they fit",
      ).argParser(list),
    )
    .addOption(issuerOption("what the iss of every token has to be; default: anything"))
    .addOption(audienceOption("what the aud of every token has to name; default: anything"))
    .addOption(
      option(
        "--policy <file>",
        "who may see and change what (YAML or JSON); applied at the start if it is not in force already",
      ),
    )
    .addOption(
      flag(
        "--metrics-public",
        "let everybody read /metrics; otherwise this machine, and the roles admin and monitor",
      ),
    )
    .addOption(
      option(
        "--audit-log <file>",
        "who came in, who was refused, what administrators did; default: part of the log",
      ),
    )
    .addOption(
      option("--log-level <level>", "default: info, and warn where a person watches").choices([
        "error",
        "warn",
        "info",
        "silent",
      ]),
    )
    .addHelpText("after", SERVE_HELP)
    .action((options: ServeOptions) => runServe(options, terminal));
  for (const name of LIMIT_NAMES) {
    const { option: flagName, summary, default: value, unit } = LIMITS[name];
    command.addOption(
      option(`--${flagName} <n>`, `${summary} (${unit}; default: ${value})`)
        .argParser(count)
        .helpGroup("Limits:"),
    );
  }
  return command;
}

function token(terminal: Terminal): Command {
  return new Command("token")
    .description("Make a token to connect with.")
    .addOption(option("--user <id>", "whom it speaks for").makeOptionMandatory())
    .addOption(option("--name <name>", "how the user is called"))
    .addOption(option("--role <role>", "a role, e.g. admin; may be repeated").argParser(repeated))
    .addOption(
      option("--ttl <time>", "how long it is valid: 90s, 15m, 12h, 7d")
        .default(3_600_000, "1h")
        .argParser(duration),
    )
    .addOption(dataOption("data directory whose secret signs, unless JWT_SECRET does"))
    .addOption(issuerOption("the token's iss, where the server asks for one"))
    .addOption(audienceOption("the token's aud, likewise"))
    .addHelpText("after", TOKEN_HELP)
    .action((options: TokenOptions) => runToken(options, terminal));
}

function query(terminal: Terminal): Command {
  return withAccess(new Command("query"))
    .description("Run one statement on a running server.")
    .argument("<gql>", "the statement")
    .addOption(
      option(
        "--param <name=value>",
        "a parameter: JSON if it is JSON, otherwise text; may be repeated",
      ).argParser(parameter),
    )
    .addOption(flag("--live", "keep the result up to date and print every change"))
    .addOption(
      option("--format <format>", "how rows are printed").choices(FORMATS).default("table"),
    )
    .addOption(option("--graph <name>", "the graph; default: default"))
    .addOption(option("--timeout <time>", "how long it may take: 500ms, 30s").argParser(duration))
    .addHelpText("after", QUERY_HELP)
    .action((gql: string, options: QueryOptions) => runQuery(gql, options, terminal));
}

function policy(terminal: Terminal): Command {
  return withAccess(new Command("policy"))
    .description("Say who may see and change what, on a running server.")
    .argument("<action>", "apply, show, or remove")
    .argument("[file]", "for apply: the policy, YAML or JSON")
    .addHelpText("after", POLICY_HELP)
    .action((action: string, file: string | undefined, options: AccessOptions & { url: string }) =>
      runPolicy(action, file, options, terminal),
    );
}

function importFiles(terminal: Terminal): Command {
  return withAccess(new Command("import"))
    .description("Import nodes and edges from CSV and JSON Lines files.")
    .argument(
      "[files...]",
      "files that say themselves what they hold (.csv, .tsv, .jsonl, .ndjson)",
    )
    .addOption(
      option(
        "--nodes <Label=file>",
        "a CSV file of nodes with that label; may be repeated",
      ).argParser(repeated),
    )
    .addOption(
      option(
        "--edges <LABEL=file>",
        "a CSV file of edges with that label; may be repeated",
      ).argParser(repeated),
    )
    .addOption(flag("--offline", "write into the data directory itself, while no server uses it"))
    .addOption(flag("--dry-run", "only check the files"))
    .addOption(option("--batch <n>", "elements per commit").default(5000).argParser(count))
    .addOption(option("--graph <name>", "the graph; default: default"))
    .addHelpText("after", IMPORT_HELP)
    .action((files: readonly string[], options: ImportOptions) =>
      runImport(files, options, terminal),
    );
}

function exportGraph(terminal: Terminal): Command {
  return withCopySource(new Command("export"))
    .description("Write a graph as JSON Lines, CSV or GQL statements.")
    .addOption(
      option("--format <format>", "what is written").choices(EXPORT_FORMATS).default("jsonl"),
    )
    .addOption(
      option("--out <path>", "the file, or for CSV the directory; default: standard output"),
    )
    .addOption(option("--graph <name>", "the graph; default: default"))
    .addHelpText("after", EXPORT_HELP)
    .action((options: ExportOptions) => runExport(options, terminal));
}

function backup(terminal: Terminal): Command {
  return withCopySource(new Command("backup"))
    .description("Copy a database, also while it is in use, into a new directory.")
    .argument("<to>", "the new directory; it must not exist yet, or be empty")
    .addHelpText("after", BACKUP_HELP)
    .action((directory: string, options: CopySourceOptions) =>
      runBackup(directory, options, terminal),
    );
}

function restore(terminal: Terminal): Command {
  return new Command("restore")
    .description("Make a data directory of a backup.")
    .argument("<from>", "the directory that `geode backup` made; it is only read")
    .argument("<to>", "the new data directory; it must not exist yet, or be empty")
    .addHelpText("after", RESTORE_HELP)
    .action((from: string, directory: string) => runRestore(from, directory, terminal));
}

function check(terminal: Terminal): Command {
  return new Command("check")
    .description("Check a data directory, also while a server uses it.")
    .argument("[directory]", "the data directory", DEFAULT_DATA)
    .addHelpText("after", CHECK_HELP)
    .action((directory: string) => runCheck(directory, terminal));
}

function connections(terminal: Terminal): Command {
  return withAccess(new Command("connections"))
    .description("Show who is connected to a running server.")
    .addOption(option("--user <id>", "only that user's connections"))
    .addOption(
      option("--format <format>", "how rows are printed").choices(FORMATS).default("table"),
    )
    .addHelpText("after", CONNECTIONS_HELP)
    .action((options: ConnectionsOptions) => runConnections(options, terminal));
}

function revoke(terminal: Terminal): Command {
  return withAccess(new Command("revoke"))
    .description("Take access back on a running server, and end the connections that rest on it.")
    .addOption(option("--user <id>", "all tokens that this user was given so far"))
    .addOption(option("--token-id <jti>", "one token"))
    .addOption(option("--session <id>", "one connection; its token stays good"))
    .addHelpText("after", REVOKE_HELP)
    .action((options: RevokeOptions) => runRevoke(options, terminal));
}

function withCopySource(command: Command): Command {
  return withAccess(command).addOption(
    flag("--offline", "read the data directory itself instead of asking its server"),
  );
}

function withAccess(command: Command): Command {
  return command
    .addOption(
      option("--url <url>", "the server's WebSocket").default(DEFAULT_URL).argParser(webSocketUrl),
    )
    .addOption(option("--token <token>", "default: one signed with the secret in --data"))
    .addOption(dataOption("data directory whose secret signs, unless JWT_SECRET does"))
    .addOption(issuerOption("iss of a token signed here, where the server asks for one"))
    .addOption(audienceOption("aud of a token signed here, likewise"));
}

function issuerOption(description: string): Option {
  return option("--jwt-issuer <text>", description);
}

function audienceOption(description: string): Option {
  return option("--jwt-audience <text>", description);
}

function dataOption(description: string): Option {
  return option("--data <directory>", description).default(DEFAULT_DATA);
}

/** An option that may also come from its GEODE_ variable. */
function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(`GEODE_${made.name().replaceAll("-", "_").toUpperCase()}`);
}

/** One without a value; see {@link applyFlagVariables} for its variable. */
function flag(flags: string, description: string): Option {
  return new Option(flags, description).default(false);
}

/** Choices and defaults; the variables are named once, by their rule. */
function optionDescription({
  argChoices,
  defaultValue,
  defaultValueDescription,
  description,
}: Option): string {
  const notes: string[] = [];
  if (argChoices !== undefined) notes.push(argChoices.join(", "));
  if (defaultValue !== undefined && defaultValue !== false) {
    notes.push(`default: ${defaultValueDescription ?? String(defaultValue)}`);
  }
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

const PROGRAM_HELP = `
Examples:
  $ geode serve --demo                        start with something to look at
  $ geode query "MATCH (p:Package) RETURN count(p)"
  $ geode query --live "SELECT * FROM metrics"
  $ geode import people.csv knows.csv
  $ geode export > graph.jsonl
  $ geode backup ./backups/monday

Each command has a --help of its own. Every option can also be given as a variable
(GEODE_PORT for --port) or in a JSON file named by --config or GEODE_CONFIG.

Exit codes: 0 done, 1 the statement, import or check failed, 2 the command or its input
is wrong, 3 no server answered, 130 interrupted.`;

const SERVE_HELP = `
Tokens are signed with the text in JWT_SECRET (at least 32 bytes). Without it a secret is
made once and kept in the data directory, readable by its owner only. With --jwt-public-key
or --jwks, tokens of an identity provider count as well; it alone can sign those.

Examples:
  $ geode serve                                everything in ./geode-data, on this machine only
  $ geode serve --demo --port 9000
  $ geode serve --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem
  $ JWT_SECRET=… geode serve --host 0.0.0.0 --insecure    behind a proxy that does TLS
  $ geode serve --policy policy.yaml           see \`geode policy --help\`
  $ geode serve --jwks https://id.example/jwks.json --jwt-issuer https://id.example --jwt-audience geode

Signals: SIGTERM and SIGINT stop it cleanly, SIGHUP reads certificate and public keys again.

Over HTTP: /health/live, /health/ready, /metrics (Prometheus), /asyncapi.json; for the role
admin /backup and /admin. \`geode connections\` and \`geode revoke\` end access at once.`;

const TOKEN_HELP = `
The token is alone on the last line of the output.

Examples:
  $ geode token --user ann --role admin --ttl 12h
  $ TOKEN=$(geode token --user reporting --ttl 90s)`;

const QUERY_HELP = `
Without --token, a token is signed with JWT_SECRET or the secret in --data: on the machine
of the server nothing needs to be given.

Examples:
  $ geode query "INSERT (:Person {name: 'Ann', age: 38})"
  $ geode query "MATCH (p:Person) WHERE p.age > $age RETURN p.name, p.age" --param age=30
  $ geode query "MATCH (p:Person) RETURN p" --format json
  $ geode query --live "SUBSCRIBE TO Person WHERE age > 30"

--live prints a line per changed row: + came, ~ changed, - went. Stop it with Ctrl+C.
A value that must be a text although it looks like JSON is quoted twice: --param zip='"01234"'.`;

const POLICY_HELP = `
It needs a token with the role admin, which is above every policy. The policy becomes part of
the log: it holds from its commit on, for queries, live queries and writes alike, and it is
there after a restart. Nothing is applied if anything in it is wrong.

  roles:
    member:
      graphs: { default: [read, write] }   # a label without a rule follows the graph
      read:
        - { label: Note, where: "n.owner = $auth.id" }
        - { label: Report, where: "EXISTS { (n)<-[:OWNS]-(:Team)<-[:IN]-(:User {id: $auth.id}) }" }
        - { label: User, hide: [email, phone] }
        - { edge: KNOWS, where: "n.public" }
      write:
        - { label: Note, where: "n.owner = $auth.id" }   # before and after the change
      deny: [AuditEntry]                   # whatever another role grants

n is the node or edge, $auth the token's claims (id is its sub). Of several rules for a label
one has to hold, of several roles one has to grant; what none grants is not there.

Examples:
  $ geode policy apply policy.yaml
  $ geode policy show > policy.yaml
  $ geode policy remove`;

const IMPORT_HELP = `
Everything is checked before anything is written: a bad line is named by file and line, and
then nothing has been imported. Running the same import again within 24 hours writes only
what is missing, so after a crash or a full disk just run it again.

A CSV file has a header, in the convention of neo4j-admin:
  people.csv   id:ID,name,age:int,tags:string[],:LABEL      (nodes)
  knows.csv    :START_ID,:END_ID,since:int,:TYPE            (edges)
Types: string (also when none is given), int, float, boolean, date, time, localtime, datetime,
localdatetime, duration, each with [] for a list separated by semicolons, and json for
anything else. ID(Space) keeps ids of several kinds apart. :REF in place of :ID is an id that
only edges use and no node keeps. An empty cell is no property. With --nodes Label=file and
--edges LABEL=file the label need not be in the file.

A JSON Lines file has an object per line:
  {"labels":["Person"],"id":"ann","properties":{"name":"Ann","age":38}}
  {"label":"KNOWS","from":"ann","to":"bob","properties":{"since":2019}}
"ref" in place of "id" is not kept; a date is written {"$date":"2024-01-31"}. It may bring indexes
and constraints, which are created first:
  {"constraint":"person_id","type":"unique","node":"Person","properties":["id"]}

Examples:
  $ geode import people.csv knows.csv
  $ geode import --nodes Person=people.csv --edges KNOWS=knows.csv
  $ geode import --dry-run graph.jsonl
  $ geode import --graph travel cities.csv     into a graph that CREATE GRAPH made
  $ geode import --offline --data ./geode-data graph.jsonl`;

const EXPORT_HELP = `
The export shows one graph, the default one or that of --graph, as of one commit, however many
writes go on meanwhile; which commit, is said at the end. \`geode backup\` keeps all graphs. It
needs a token with the role admin, or --offline, which reads the files in --data. Nothing is
overwritten, and what --out names appears complete or not at all.

  jsonl   an object per line, for \`geode import\`
  csv     a file per set of labels and per edge label, for \`geode import\`
  gql     a statement per line

What is imported again is the same graph with every value, its indexes and its constraints (but
from csv, which has neither), with new element ids. To get everything back as it was, use
\`geode backup\`.

Examples:
  $ geode export > graph.jsonl
  $ geode export --format csv --out ./graph     and back: geode import ./graph/*.csv
  $ geode export --format gql --offline --data ./geode-data --out graph.gql`;

const BACKUP_HELP = `
The backup shows the database as of one commit, however many writes go on meanwhile; which
commit, is said at the end. It holds the data of all graphs, their indexes, and what is known
of finished writes, but no secret to sign tokens with. It is a data directory of its own:
\`geode check\` verifies it and \`geode restore\` makes as many databases of it as you like.

The server is asked over HTTP, beside the address of its WebSocket, and gives a backup only to
a token with the role admin. --offline reads the files in --data and needs no server.
Nothing is overwritten, and the directory appears complete or not at all: whatever has
.partial- in its name is left over from a killed backup and may be deleted.

Examples:
  $ geode backup ./backups/monday
  $ geode backup --url wss://db.example.com/ws --token $TOKEN ./backups/monday
  $ geode backup --offline --data ./geode-data ./backups/monday`;

const RESTORE_HELP = `
The new directory holds everything that the backup has. Opened for the first time it begins a
new epoch, because the original may have gone on differently: clients that come back load
their live results afresh. Nothing is overwritten, and the directory appears complete or not
at all. The secret that signs tokens is not in a backup: set JWT_SECRET, copy the file
jwt-secret of the old directory, or have a new one made.

Examples:
  $ geode restore ./backups/monday ./geode-data
  $ geode check ./geode-data && geode serve --data ./geode-data`;

const CONNECTIONS_HELP = `
It takes the role admin. --format json and csv are for programs.

Examples:
  $ geode connections
  $ geode connections --user ann --format json`;

const REVOKE_HELP = `
It takes the role admin. What was revoked stays so over restarts. A user who gets a new token
can come back, so whoever gives tokens out has to know, too.

Examples:
  $ geode revoke --user ann                    everything that ann was given so far
  $ geode revoke --token-id 4f1c…              one token; \`geode token\` says its id
  $ geode revoke --session 0b9c…               this connection only`;

const CHECK_HELP = `
Verifies the stored checkpoints and log, rebuilds the graph, and checks that its parts agree.
It changes nothing and needs the memory of the graph. Exit code 1 if something is damaged or
missing; a warning is of what is held in reserve.

Example:
  $ geode check ./geode-data`;

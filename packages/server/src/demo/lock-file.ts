import { GeodeError } from "@geode/values";

/** An installed package: one per place in node_modules, so one name may occur several times. */
export interface LockedPackage {
  /** Where it is installed, relative to the lock file; "" is the project itself. Unique. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

export type DependencyKind = "prod" | "dev" | "optional" | "peer";

/** One package needs another, by paths. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
  /** What versions would do, as package.json says it. */
  readonly range: string;
  readonly kind: DependencyKind;
}

export interface DependencyGraph {
  readonly packages: readonly LockedPackage[];
  readonly dependencies: readonly Dependency[];
}

/** In the order in which they count when a package is named twice. */
const FIELDS = [
  ["dependencies", "prod"],
  ["optionalDependencies", "optional"],
  ["peerDependencies", "peer"],
  ["devDependencies", "dev"],
] as const;

/**
 * The dependency graph in the text of a package-lock.json (version 2 or 3). Each dependency is resolved as Node.js does it: in the
 * nearest node_modules, looking upwards. What is not installed (optional, or a peer that nobody asked for) has no edge.
 * Throws INVALID_MESSAGE if the text is not such a file.
 */
export function parseLockFile(text: string): DependencyGraph {
  const entries = entriesOf(text);
  const packages: LockedPackage[] = [];
  const dependencies: Dependency[] = [];
  for (const [path, entry] of entries) {
    if (entry.get("link") === true) continue;
    packages.push({
      path,
      name: textOf(entry.get("name")) ?? nameAt(path),
      version: textOf(entry.get("version")) ?? "",
      license: textOf(entry.get("license")) ?? "unknown",
    });
    const seen = new Set<string>();
    for (const [field, kind] of FIELDS) {
      for (const [name, range] of objectOf(entry.get(field))) {
        if (seen.has(name)) continue;
        const to = resolve(path, name, entries);
        if (to === undefined) continue;
        seen.add(name);
        dependencies.push({ from: path, to, range: textOf(range) ?? "", kind });
      }
    }
  }
  return { packages, dependencies };
}

type Fields = ReadonlyMap<string, unknown>;

function entriesOf(text: string): ReadonlyMap<string, Fields> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notALockFile(`it is not JSON: ${(cause as Error).message}`);
  }
  const packages = objectOf(json).get("packages");
  if (typeof packages !== "object" || packages === null) {
    throw notALockFile("it has no `packages`; npm 7 and later write them");
  }
  const entries = new Map<string, Fields>();
  for (const [path, entry] of objectOf(packages)) entries.set(path, objectOf(entry));
  return entries;
}

/** Where `name` is found from the package at `path`: its own node_modules first, then those of the directories above. */
function resolve(
  path: string,
  name: string,
  entries: ReadonlyMap<string, Fields>,
): string | undefined {
  for (
    let directory: string | undefined = path;
    directory !== undefined;
    directory = parentOf(directory)
  ) {
    if (directory.endsWith("node_modules")) continue;
    const place = directory === "" ? `node_modules/${name}` : `${directory}/node_modules/${name}`;
    const entry = entries.get(place);
    if (entry === undefined) continue;
    // A workspace is linked; what it links to is the package.
    return entry.get("link") === true ? textOf(entry.get("resolved")) : place;
  }
  return undefined;
}

function parentOf(path: string): string | undefined {
  if (path === "") return undefined;
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameAt(path: string): string {
  const installed = path.lastIndexOf("node_modules/");
  if (installed !== -1) return path.slice(installed + "node_modules/".length);
  return path === "" ? "(this project)" : path;
}

function objectOf(json: unknown): Fields {
  return new Map(
    typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [],
  );
}

function textOf(json: unknown): string | undefined {
  return typeof json === "string" ? json : undefined;
}

function notALockFile(why: string): GeodeError {
  return new GeodeError("INVALID_MESSAGE", `this is no package-lock.json that can be read: ${why}`);
}

import type { Dependency, DependencyGraph, LockedPackage } from "./lock-file.ts";

/** What turns one dependency graph into another. A package that changed is updated; a dependency is replaced. */
export interface Difference {
  readonly addedPackages: readonly LockedPackage[];
  readonly changedPackages: readonly LockedPackage[];
  /** Paths. Their dependencies go with them and are not listed. */
  readonly removedPackages: readonly string[];
  readonly addedDependencies: readonly Dependency[];
  readonly removedDependencies: readonly Dependency[];
}

export function difference(before: DependencyGraph, after: DependencyGraph): Difference {
  const old = new Map(before.packages.map((each) => [each.path, each]));
  const now = new Map(after.packages.map((each) => [each.path, each]));
  const oldEdges = new Map(before.dependencies.map((each) => [edgeKey(each), each]));
  const newEdges = new Map(after.dependencies.map((each) => [edgeKey(each), each]));
  return {
    addedPackages: after.packages.filter(({ path }) => !old.has(path)),
    changedPackages: after.packages.filter((each) => {
      const former = old.get(each.path);
      return former !== undefined && !samePackage(former, each);
    }),
    removedPackages: before.packages.map(({ path }) => path).filter((path) => !now.has(path)),
    addedDependencies: [...newEdges].filter(([key]) => !oldEdges.has(key)).map(([, edge]) => edge),
    removedDependencies: [...oldEdges]
      .filter(([key, { from, to }]) => !newEdges.has(key) && now.has(from) && now.has(to))
      .map(([, edge]) => edge),
  };
}

function edgeKey({ from, kind, range, to }: Dependency): string {
  return JSON.stringify([from, to, kind, range]);
}

function samePackage(a: LockedPackage, b: LockedPackage): boolean {
  return a.name === b.name && a.version === b.version && a.license === b.license;
}

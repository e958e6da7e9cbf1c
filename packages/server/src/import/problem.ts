/** Something wrong in a file, with its place. */
export class ImportProblem extends Error {
  override readonly name = "ImportProblem";
  readonly file: string;
  readonly line: number;
  constructor(file: string, line: number, what: string) {
    super(`${file}:${line}: ${what}`);
    this.file = file;
    this.line = line;
  }
}

/** After so many problems the reader has enough to do. */
const PROBLEMS_MAX = 20;

/** Problems found so far; reading goes on to find more of them, up to a bound. */
export class Problems {
  readonly #found: ImportProblem[] = [];

  add(problem: ImportProblem): void {
    this.#found.push(problem);
  }

  get found(): readonly ImportProblem[] {
    return this.#found;
  }

  get enough(): boolean {
    return this.#found.length >= PROBLEMS_MAX;
  }
}

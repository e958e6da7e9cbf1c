/** One message of the race. */
export interface Said {
  readonly sender: number;
  readonly room: number;
  /** Counts what the sender has said, over reloads. */
  readonly n: number;
}

/** How a race ended. */
export interface Outcome {
  readonly said: number;
  /** Messages that a reload made their page forget before it knew that they were accepted, and that nobody was shown: they do not count. */
  readonly forgotten: number;
  /** Every message for every member of its room. */
  readonly due: number;
  readonly delivered: number;
  /** Shown on a page that had shown it already. */
  readonly duplicates: number;
  /** Shown behind a later one, of the same sender or, where messages are numbered, of the room. */
  readonly outOfOrder: number;
  /** What else went wrong: refusals that were not expected. */
  readonly errors: readonly string[];
}

/** What one page has shown. */
export class Page {
  readonly #shown = new Set<string>();
  readonly #lastN = new Map<string, number>();
  readonly #lastSeq = new Map<number, number>();

  /** What was wrong with showing it. */
  show(
    { n, room, sender }: Said,
    seq: number | undefined,
  ): { readonly duplicate: boolean; readonly outOfOrder: boolean } {
    const name = nameOf({ n, room, sender });
    if (this.#shown.has(name)) return { duplicate: true, outOfOrder: false };
    this.#shown.add(name);
    const stream = `${room} ${sender}`;
    const late =
      n < (this.#lastN.get(stream) ?? -1) ||
      (seq !== undefined && seq < (this.#lastSeq.get(room) ?? -1));
    if (!late) {
      this.#lastN.set(stream, n);
      if (seq !== undefined) this.#lastSeq.set(room, seq);
    }
    return { duplicate: false, outOfOrder: late };
  }
}

/** Who said what, and who was shown what. */
export class Ledger {
  readonly #said = new Map<string, { readonly message: Said; readonly shownTo: Set<number> }>();
  readonly #forgotten = new Set<string>();
  readonly #pages = new Map<number, Page>();
  readonly #errors: string[] = [];
  #duplicates = 0;
  #outOfOrder = 0;
  #shown = 0;

  /** How many messages were shown, each to each. */
  get shownCount(): number {
    return this.#shown;
  }

  say(message: Said): void {
    this.#said.set(nameOf(message), { message, shownTo: new Set() });
  }

  forget(messages: readonly Said[]): void {
    for (const message of messages) this.#forgotten.add(nameOf(message));
  }

  /** A chatter has a new page, on which nothing is shown yet. */
  turnPage(chatter: number): void {
    this.#pages.set(chatter, new Page());
  }

  /** `seq`: where messages of a room are numbered. */
  show(chatter: number, message: Said, seq?: number): void {
    const said = this.#said.get(nameOf(message));
    const page = this.#pages.get(chatter);
    if (said === undefined || page === undefined) return this.error("a message that nobody said");
    const { duplicate, outOfOrder } = page.show(message, seq);
    if (duplicate) this.#duplicates++;
    if (outOfOrder) this.#outOfOrder++;
    if (!said.shownTo.has(chatter)) this.#shown++;
    said.shownTo.add(chatter);
  }

  error(what: string): void {
    if (this.#errors.length < 20) this.#errors.push(what);
  }

  outcome(membersOf: (room: number) => readonly number[]): Outcome {
    let [due, delivered, forgotten] = [0, 0, 0];
    for (const [name, { message, shownTo }] of this.#said) {
      if (shownTo.size === 0 && this.#forgotten.has(name)) {
        forgotten++;
        continue;
      }
      const members = membersOf(message.room);
      due += members.length;
      delivered += members.filter((member) => shownTo.has(member)).length;
    }
    return {
      said: this.#said.size,
      forgotten,
      due,
      delivered,
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      errors: this.#errors,
    };
  }
}

function nameOf({ n, sender }: Said): string {
  return `${sender} ${n}`;
}

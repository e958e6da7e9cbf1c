import type { CommitChanges, RequestId } from "@geode/protocol";
import type { Clock, Timer } from "../clock.ts";
import type { Connection } from "../transport/connection.ts";
import { frameBytes, type OutFrame } from "../transport/out-frame.ts";
import { batched } from "./batch-frames.ts";
import { CommitRun } from "./commit-run.ts";
import { conflate } from "./conflate.ts";
import type { FanOut } from "./fan-out.ts";
import { GatheredFrames } from "./gathered-frames.ts";

export interface OutboxOptions {
  readonly connection: Connection;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  /** So many bytes of updates may wait before they are merged. */
  readonly conflateBytesMin: number;
  /** So many bytes of updates may wait at all. */
  readonly outboxBytesMax: number;
  /** Live results that this commit may concern, and that tell of a later one in its place. */
  behindAt(seq: number): readonly RequestId[];
  /** More wait than that. */
  onOverflow(): void;
  /** Called when the connection took something and the outbox is not congested. */
  onRelief(): void;
}

/** What to do with updates that a connection does not take. */
export type Backpressure = "conflate" | "latest" | "disconnect";

/** A live result as one connection gets it. */
export interface UpdateStream {
  readonly backpressure: Backpressure;
  /** The frames of a commit, in order. Called once for each that is sent. */
  frames(commit: CommitChanges): readonly OutFrame[];
  /** How many bytes they are, about. */
  bytesOf(commit: CommitChanges): number;
  /** Its updates were dropped: it needs its result anew, and asks for it when told to {@link restart}. */
  skip(): void;
  restart(): void;
}

export interface Batching {
  /** How long updates may be held back so that more of them travel together; 0 for not at all. */
  readonly delayMs: number;
  /** Whether the updates of one commit travel as one message. */
  readonly byCommit: boolean;
}

type Waiting = WaitingCommits | { readonly frame: OutFrame; readonly bytes: number };

/** Of one stream, with nothing between them. */
interface WaitingCommits {
  readonly stream: UpdateStream;
  readonly commits: CommitRun;
  bytes: number;
}

/**
 * What waits to be sent on one connection.
 *
 * Everything of one turn leaves in one write, answers first: so the answer to a write stands before the updates that it caused. While
 * the connection still holds more than {@link HELD_BYTES}, frames wait here. What a slow peer does not take is bounded in steps: updates
 * of a live result are merged to one net change per row; if that is still too much, they are dropped and the result is sent anew once
 * the peer takes something; what can be neither merged nor dropped may fill `bytesMax`. Answers do not count towards that: their
 * requests are bounded, and no more are read while answers wait ({@link Outbox.congested}).
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** Undefined while there are none, like all that a connection seldom has. */
  #answers: OutFrame[] | undefined;
  #updates: Waiting[] = NOTHING;
  /** Streams whose updates were dropped. */
  #skipped: Set<UpdateStream> | undefined;
  /** What waits under a topic. */
  #topics: Map<string, { frame: OutFrame; bytes: number }> | undefined;
  #answerBytes = 0;
  #updateBytes = 0;
  /** Beyond this, room is made. It moves up where that brought little, so that it is not tried in vain with every update. */
  #makeRoomBytes: number;
  #batching: Batching = AT_ONCE;
  /** Runs while updates are held back. */
  #holding: Timer | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#makeRoomBytes = this.#conflateBytesMin;
  }

  /** Queues an answer to a request, or word of the connection itself. */
  answer(frame: OutFrame): void {
    if (this.#closed) return;
    (this.#answers ??= []).push(frame);
    this.#answerBytes += frameBytes(frame);
    this.#options.fanOut.ask(this, "answer");
  }

  /** Queues what others caused and what cannot be left out; with a topic, it takes the place of what waits under the same one. */
  push(frame: OutFrame, topic?: string): void {
    const waiting = { frame, bytes: frameBytes(frame) };
    if (topic === undefined) return this.#wait(waiting);
    const earlier = this.#topics?.get(topic);
    this.#updateBytes += earlier === undefined ? 0 : waiting.bytes - earlier.bytes;
    if (earlier !== undefined) return void Object.assign(earlier, waiting);
    (this.#topics ??= new Map()).set(topic, waiting);
    this.#wait(waiting);
  }

  /** Queues the updates of one commit. */
  update(stream: UpdateStream, commit: CommitChanges): void {
    const bytes = stream.bytesOf(commit);
    const last = this.#updates[this.#updates.length - 1];
    if (last !== undefined && isOf(last, stream)) {
      last.commits.add(commit);
      last.bytes += bytes;
      this.#grown(bytes);
    } else {
      this.#wait({ stream, commits: new CommitRun(commit), bytes });
    }
    if (stream.backpressure === "latest" && this.#full) this.#conflate(stream);
  }

  /** Takes back the updates of a stream that have not left yet. */
  withdraw(stream: UpdateStream): void {
    this.#skipped?.delete(stream);
    this.#drop(stream);
  }

  get batching(): Batching {
    return this.#batching;
  }

  /** How updates travel from now on; what waits leaves as it was. */
  set batching(batching: Batching) {
    this.#flushUpdates();
    this.#batching = batching;
  }

  /** Whether so much is waiting that no further request should be started. */
  get congested(): boolean {
    return this.#answerBytes > HELD_BYTES || this.#full;
  }

  /** Whether so much waits that whoever has a lot to say does better to wait, too. */
  get behind(): boolean {
    return this.congested || this.#updateBytes > Math.min(HELD_BYTES, this.#conflateBytesMin / 2);
  }

  /** Whether anything waits for the peer. */
  get pending(): boolean {
    return (
      this.#answers !== undefined ||
      this.#updates.length > 0 ||
      this.#options.connection.bufferedBytes > 0
    );
  }

  /** The connection took something: to be called by whoever listens to it. */
  taken(): void {
    if (this.#answers !== undefined || this.#updates !== NOTHING) this.flush();
    if (this.congested) return;
    if (this.#skipped !== undefined) this.#restart(this.#skipped);
    this.#options.onRelief();
  }

  /** Hands over what fits now: answers, and updates unless they are held back. */
  flush(): void {
    if (this.#holding === undefined) this.#flushUpdates();
    else this.#send([]);
  }

  /** Hands over what fits, and from then on nothing. */
  close(): void {
    this.#flushUpdates();
    this.#closed = true;
    this.#answers = undefined;
    this.#updates = NOTHING;
    this.#skipped = undefined;
    this.#topics = undefined;
    this.#options.fanOut.forget(this);
  }

  /** What the connection holds is enough to keep it busy until it asks for more. */
  get #full(): boolean {
    return this.#options.connection.bufferedBytes > HELD_BYTES;
  }

  get #conflateBytesMin(): number {
    return Math.min(this.#options.conflateBytesMin, this.#options.outboxBytesMax);
  }

  #wait(waiting: Waiting): void {
    if (this.#closed) return;
    const first = this.#updates === NOTHING;
    if (first) this.#updates = [waiting];
    else this.#updates.push(waiting);
    this.#grown(waiting.bytes);
    // What waits behind others leaves with them: at the end of the turn, when the time is over, or when the connection takes something.
    if (!first || this.#updates.length === 0) return;
    const { delayMs } = this.#batching;
    if (delayMs === 0) this.#options.fanOut.ask(this, "update");
    else this.#hold(delayMs);
  }

  #hold(delayMs: number): void {
    this.#holding ??= this.#options.clock.timer(delayMs, () => this.#flushUpdates());
  }

  #grown(bytes: number): void {
    this.#updateBytes += bytes;
    if (this.#updateBytes > this.#makeRoomBytes) this.#makeRoom();
  }

  #flushUpdates(): void {
    this.#holding?.cancel();
    this.#holding = undefined;
    if (this.#full) return;
    const updates = this.#updates;
    if (updates.length === 0) return this.#send([]);
    this.#updates = NOTHING;
    this.#topics = undefined;
    this.#updateBytes = 0;
    this.#makeRoomBytes = this.#conflateBytesMin;
    this.#send(this.#framesOf(updates));
  }

  #framesOf(updates: readonly Waiting[]): readonly OutFrame[] {
    const { delayMs, byCommit } = this.#batching;
    if (!byCommit || delayMs > 0) {
      const gathered = gather(updates);
      return delayMs > 0 ? batched(gathered) : gathered;
    }
    const frames: OutFrame[] = [];
    const single = updates.flatMap(one);
    for (let start = 0; start < single.length;) {
      const seq = seqOf(single[start]!);
      let end = start + 1;
      while (seq !== undefined && end < single.length && seqOf(single[end]!) === seq) end++;
      const ofCommit = gather(single.slice(start, end));
      frames.push(
        ...(seq === undefined ? ofCommit : batched(ofCommit, seq, this.#options.behindAt(seq))),
      );
      start = end;
    }
    return frames;
  }

  #send(updates: readonly OutFrame[]): void {
    if (this.#closed || this.#full) return;
    const answers = this.#answers;
    this.#answers = undefined;
    this.#answerBytes = 0;
    if (answers === undefined) {
      if (updates.length > 0) this.#options.connection.send(updates);
      return;
    }
    for (const frame of updates) answers.push(frame);
    this.#options.connection.send(answers);
  }

  /** A large commit is no sign of a slow peer: only what is left when the connection has taken its part is too much. */
  #makeRoom(): void {
    this.#flushUpdates();
    const { outboxBytesMax: bytesMax } = this.#options;
    if (this.#updateBytes <= this.#makeRoomBytes) return;
    const streams = new Set<UpdateStream>();
    for (const waiting of this.#updates) {
      if ("stream" in waiting && waiting.stream.backpressure !== "disconnect")
        streams.add(waiting.stream);
    }
    for (const stream of streams) this.#conflate(stream);
    if (this.#updateBytes > bytesMax / 2) for (const stream of streams) this.#skip(stream);
    if (this.#updateBytes > bytesMax) return this.#options.onOverflow();
    const next = Math.max(this.#conflateBytesMin, 2 * this.#updateBytes);
    this.#makeRoomBytes = Math.min(
      this.#updateBytes > bytesMax / 2 ? bytesMax : bytesMax / 2,
      next,
    );
  }

  /** Merges what waits of a stream into one commit, in the place of the first. */
  #conflate(stream: UpdateStream): void {
    const own = this.#updates.filter((waiting) => isOf(waiting, stream));
    const commits = own.flatMap((waiting) => waiting.commits.list);
    if (commits.length < 2) return;
    const commit = conflate(commits);
    if (commit === null) return this.#skip(stream);
    const bytes = stream.bytesOf(commit);
    const merged: WaitingCommits = { stream, commits: new CommitRun(commit), bytes };
    this.#updates = this.#updates.flatMap((waiting) => {
      if (waiting === own[0]) return merged;
      return isOf(waiting, stream) ? [] : waiting;
    });
    this.#count();
  }

  #skip(stream: UpdateStream): void {
    this.#drop(stream);
    (this.#skipped ??= new Set()).add(stream);
    stream.skip();
  }

  #restart(skipped: Set<UpdateStream>): void {
    for (const stream of skipped) {
      skipped.delete(stream);
      stream.restart();
    }
  }

  #drop(stream: UpdateStream): void {
    if (this.#updates.length === 0) return;
    const others = this.#updates.filter((waiting) => !isOf(waiting, stream));
    this.#updates = others.length === 0 ? NOTHING : others;
    this.#count();
  }

  #count(): void {
    this.#updateBytes = this.#updates.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** The same for all who have none; never written to. */
const NOTHING: Waiting[] = [];
const AT_ONCE: Batching = { delayMs: 0, byCommit: false };
/** Enough to keep a connection busy until it asks for more. */
const HELD_BYTES = 1024 * 1024;

function gather(updates: readonly Waiting[]): readonly OutFrame[] {
  const frames = new GatheredFrames();
  for (const waiting of updates) {
    if ("frame" in waiting) {
      frames.add(waiting.frame);
      continue;
    }
    for (const commit of waiting.commits.list)
      for (const frame of waiting.stream.frames(commit)) frames.add(frame);
  }
  return frames.list;
}

/** Each commit by itself. */
function one(waiting: Waiting): readonly Waiting[] {
  if ("frame" in waiting || waiting.commits.count === 1) return [waiting];
  const { commits, stream } = waiting;
  return commits.list.map((commit) => ({ stream, commits: new CommitRun(commit), bytes: 0 }));
}

/** Of what stands by itself. */
function seqOf(waiting: Waiting): number | undefined {
  return "stream" in waiting ? waiting.commits.first.seq : undefined;
}

function isOf(waiting: Waiting, stream: UpdateStream): waiting is WaitingCommits {
  return "stream" in waiting && waiting.stream === stream;
}

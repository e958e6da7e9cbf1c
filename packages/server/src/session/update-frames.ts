import { encodeCborFields, plainNumbers, updateTails, type CommitChanges } from "@geode/protocol";
import { SharedBody, type OutFrame } from "../transport/out-frame.ts";

/** What of an UPDATE is the same for everybody who watches the result. */
export interface UpdateBody {
  readonly shared: SharedBody;
  /** How many fields it holds. */
  readonly fields: number;
}

/** How the UPDATEs of one subscription are written: what all share, and around it what is its own. */
export interface UpdateForm {
  readonly coding: "json" | "cbor";
  /** "plain": a FLOAT without a fraction is a number like any other. */
  readonly numbers: "exact" | "plain";
  /** Forms with the same key make the same frames. */
  readonly key: string;
  frame(body: UpdateBody): OutFrame;
  /** How long its own part is, about. */
  readonly ownBytes: number;
}

/** The UPDATE frames of one commit for one subscription. */
export function updateFrames(
  form: UpdateForm,
  commit: CommitChanges,
  withBefore: boolean,
): readonly OutFrame[] {
  const variant = variantOf(form, commit, withBefore);
  // Most who watch a result call it by the same name.
  if (variant.lastKey !== form.key) {
    variant.lastKey = form.key;
    variant.lastFrames = framesOf(form, variant);
  }
  return variant.lastFrames;
}

/** Apart, because it makes a closure, and most who come here need none. */
function framesOf(form: UpdateForm, { bodies }: Variant): readonly OutFrame[] {
  return bodies.map((body) => form.frame(body));
}

/** How long they are, about. */
export function updateBytes(form: UpdateForm, commit: CommitChanges, withBefore: boolean): number {
  const { bodies, bytes } = variantOf(form, commit, withBefore);
  return bytes + bodies.length * form.ownBytes;
}

/** A commit's updates in one coding, and the frames that were made of them last. */
interface Variant {
  readonly bodies: readonly UpdateBody[];
  readonly bytes: number;
  lastKey: string | undefined;
  lastFrames: readonly OutFrame[];
}

/** Made once for all who watch the result, gone with the commit. */
const made = new WeakMap<CommitChanges, (Variant | undefined)[]>();
/** All who watch hear of a commit one after the other, so it is looked up once. */
let lastCommit: CommitChanges | undefined;
let lastVariants: (Variant | undefined)[] = [];

function variantOf(form: UpdateForm, commit: CommitChanges, withBefore: boolean): Variant {
  const { coding, numbers } = form;
  const place = (coding === "json" ? 0 : 4) + (numbers === "exact" ? 0 : 2) + (withBefore ? 1 : 0);
  if (lastCommit !== commit) {
    lastCommit = commit;
    const variants = made.get(commit);
    if (variants === undefined) made.set(commit, (lastVariants = []));
    else lastVariants = variants;
  }
  return (lastVariants[place] ??= newVariant(form, commit, withBefore));
}

function newVariant(
  { coding, numbers }: UpdateForm,
  commit: CommitChanges,
  withBefore: boolean,
): Variant {
  const exact = updateTails(commit, withBefore);
  const tails = numbers === "exact" ? exact : exact.map(plainNumbers);
  const bodies = tails.map(coding === "json" ? jsonBody : cborBody);
  const bytes = bodies.reduce((sum, { shared }) => sum + shared.bytes.length, 0);
  return { bodies, bytes, lastKey: undefined, lastFrames: [] };
}

/** How many fields there are is asked of CBOR alone. */
function jsonBody(tail: string): UpdateBody {
  return { shared: new SharedBody(tail), fields: 0 };
}

function cborBody(tail: string): UpdateBody {
  const { bytes, count } = encodeCborFields(JSON.parse(`{${tail}`) as Record<string, unknown>);
  return { shared: new SharedBody(bytes), fields: count };
}

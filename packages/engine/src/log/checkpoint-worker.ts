import { parentPort, workerData } from "node:worker_threads";
import { GeodeError, unreachable } from "@geode/values";
import type { FoldAnswer, FoldRequest, FoldWorkerData } from "./checkpoint-messages.ts";
import { Fold } from "./fold.ts";

/*
 * The thread in which a checkpoint is made. It is handed the entries piece by piece, so it needs no hand on the log; the files of the
 * checkpoints are its own business.
 */
if (parentPort === null) {
  throw new Error("this file is the main module of a worker thread");
}
const port = parentPort;
const { directory, limits } = workerData as FoldWorkerData;
let fold: Fold;

function tell(work: () => FoldAnswer): void {
  let answer: FoldAnswer;
  try {
    answer = work();
  } catch (error) {
    const code = error instanceof GeodeError ? error.code : "INTERNAL";
    answer = {
      kind: "failed",
      code,
      message: error instanceof Error ? error.message : String(error),
    };
  }
  port.postMessage(answer);
  // With nobody to hear, the thread ends by itself. To be ended while it does so has ended whole processes, inside V8.
  if (answer.kind !== "ready") port.close();
}

function work(request: FoldRequest): FoldAnswer {
  switch (request.kind) {
    case "entries": {
      const blobs = new Map(request.blobs);
      for (const bytes of request.entries) {
        fold.add(bytes, (hash) => blobs.get(Buffer.from(hash).toString("hex")));
      }
      return { kind: "ready", next: fold.next };
    }
    case "finish":
      return { kind: "done", result: fold.finish() };
    default:
      return unreachable(request);
  }
}

port.on("message", (request: FoldRequest) => tell(() => work(request)));
tell(() => {
  fold = new Fold(directory, limits);
  return { kind: "ready", next: fold.next };
});

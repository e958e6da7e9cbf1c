import { testCommitLog } from "./log.contract.ts";
import { MemoryLog } from "./memory.ts";

testCommitLog("the log in memory", async () => {
  let failure: string | null = null;
  const log = new MemoryLog(() => {
    if (failure !== null) {
      throw new Error(failure);
    }
  });
  return {
    log,
    breakDisk: (message) => {
      failure = message;
    },
    dispose: () => log.close(),
  };
});

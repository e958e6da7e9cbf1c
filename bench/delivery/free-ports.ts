import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that the system gives away by itself: so nobody gets one while its server is down. */
const FIRST = 20_000;
const TRIES_MAX = 1_000;

/** So many ports that nobody listens to. Throws if there are not as many. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  const first = FIRST + (process.pid % 8_000);
  for (let port = first; ports.length < count; port++) {
    if (port === first + TRIES_MAX) throw new Error(`there are no ${count} free ports`);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

import { delivery } from "./delivery/delivery.ts";

/*
 * Who delivers what was said when networks drop, pages are reloaded and the server is killed:
 *
 *   node --conditions=source bench/delivery.ts [--seconds 120] [--chatters 200] [--seed 1]
 */

await delivery();

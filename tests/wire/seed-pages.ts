import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../e2e/browser.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const ADDRESS = "wss://geode.local:8443/ws";
const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");

/** A class of the document that asked for Geode, as it stands there. */
export function snippet(name: string): string {
  return readFileSync(here(`seed/${name}.js`), "utf8");
}

/** The document itself, where it is at hand. */
export function seedText(): string | null {
  const document = here("../../../shared/seed/websocket-support-in-geode.txt");
  return existsSync(document) ? readFileSync(document, "utf8") : null;
}

/** A server in this process, and pages of Chromium that it serves. */
export class SeedPages {
  readonly #browser: Browser;
  readonly #pages: Page[] = [];
  database!: Database;
  server!: Server;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<SeedPages> {
    return new SeedPages(await launchChromium());
  }

  async start(): Promise<void> {
    this.database = await Database.open();
    this.server = await Server.start({ database: this.database, secret, port: 0 });
  }

  async stop(): Promise<void> {
    for (const page of this.#pages.splice(0)) await page.close();
    await this.server.close();
    await this.database.close();
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  async open(): Promise<Page> {
    const page = await this.#browser.newPage();
    this.#pages.push(page);
    await page.goto(`http://127.0.0.1:${this.server.port}/`);
    return page;
  }

  async addressOf(user: string, more = ""): Promise<string> {
    const token = await signToken({ user, name: user, ttlMs: 3_600_000 }, secret, systemClock);
    return `ws://127.0.0.1:${this.server.port}/ws?token=${token}${more}`;
  }

  /** The class with this server's address in place of its own. */
  async codeFor(name: string, user: string, more = ""): Promise<string> {
    return snippet(name).replace(ADDRESS, await this.addressOf(user, more));
  }
}

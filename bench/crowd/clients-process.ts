import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Order, Report } from "./messages.ts";

/** The process of the clients, seen from outside. */
export class Clients {
  readonly #child = fork(fileURLToPath(new URL("./clients.ts", import.meta.url)), {
    execArgv: ["--conditions=source"],
  });

  connect(order: Omit<Order & { kind: "connect" }, "kind">) {
    return this.#ask({ kind: "connect", ...order }, "connected");
  }

  async report(): Promise<Report> {
    return (await this.#ask({ kind: "report" }, "report")).report;
  }

  verify(expected: readonly number[]) {
    return this.#ask({ kind: "verify", values: expected }, "verified");
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  end(): void {
    this.#child.disconnect();
  }

  #ask<Kind extends Answer["kind"]>(order: Order, kind: Kind): Promise<Answer & { kind: Kind }> {
    return new Promise((resolve, reject) => {
      const hear = (answer: Answer): void => {
        if (answer.kind !== kind) return;
        this.#child.off("message", hear);
        this.#child.off("exit", fail);
        resolve(answer as Answer & { kind: Kind });
      };
      const fail = (): void => reject(new Error("the clients' process ended"));
      this.#child.on("message", hear);
      this.#child.once("exit", fail);
      this.tell(order);
    });
  }
}

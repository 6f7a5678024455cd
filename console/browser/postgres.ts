// A PostgreSQL of a test's own, by the script that all tests start one with.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SCRIPT = join(import.meta.dirname, "../../e2e/postgres.sh");

export class Postgres {
  private constructor(
    private readonly script: ChildProcess,
    /** Of an empty database. */
    readonly url: string,
  ) {}

  static async start(): Promise<Postgres> {
    const script = spawn(SCRIPT, { stdio: ["pipe", "pipe", "inherit"] });
    for await (const line of createInterface(script.stdout)) {
      const [ready, folder] = line.split(" ");
      if (ready !== "ready" || folder === undefined) break;
      return new Postgres(script, `postgres://tollgate@${encodeURIComponent(folder)}/postgres`);
    }
    throw new Error("PostgreSQL does not start");
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.script.once("exit", resolve));
    this.script.stdin?.end();
    await ended;
  }
}

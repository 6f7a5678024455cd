// Starts and ends the real binary on free ports and a folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const BINARY = resolve(process.env.TOLLGATE_BIN ?? join(import.meta.dirname, "../../target/debug/tollgate"));

export const ACCESS_KEY_ID = "AKIABROWSERBROWSER00";
export const SECRET_ACCESS_KEY = "browser/secret/browser/secret/browser/00";

export class Tollgate {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    /** Where calls come in. */
    readonly gateway: string,
    /** Where the console is. */
    readonly management: string,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Tollgate> {
    const folder = await mkdtemp(join(tmpdir(), "tollgate-browser-"));
    const flags = [
      "--data-dir",
      folder,
      "--gateway",
      "127.0.0.1:0",
      "--management",
      "127.0.0.1:0",
      "--print-addresses",
    ];
    const child = spawn(BINARY, ["serve", ...flags], {
      env: {
        PATH: process.env.PATH ?? "",
        TOLLGATE_ROOT_ACCESS_KEY_ID: ACCESS_KEY_ID,
        TOLLGATE_ROOT_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
        TOLLGATE_GATEWAY_THREADS__COUNT: "2",
        TOLLGATE_LOG: "warn",
        ...settings,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const addresses = await firstLine(child);
    return new Tollgate(child, folder, `http://${addresses.gateway}`, `http://${addresses.management}`);
  }

  /** Runs another command of the binary against this node, and returns what it printed. */
  async command(...words: string[]): Promise<string> {
    const flags = ["--data-dir", this.folder, "--management", new URL(this.management).host];
    const child = spawn(BINARY, [...words, ...flags], {
      env: {
        PATH: process.env.PATH ?? "",
        TOLLGATE_ROOT_ACCESS_KEY_ID: ACCESS_KEY_ID,
        TOLLGATE_ROOT_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    for await (const chunk of child.stdout) printed += String(chunk);
    return printed.trim();
  }

  /** As a machine that fails. */
  kill(): void {
    this.process.kill("SIGKILL");
  }

  async end(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGTERM");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface Addresses {
  gateway: string;
  management: string;
}

async function firstLine(child: ChildProcess): Promise<Addresses> {
  if (child.stdout === null) throw new Error("the process has no output");
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Addresses;
  throw new Error(`${BINARY} printed no addresses`);
}

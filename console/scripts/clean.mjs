// Removes what was built before. dist/.gitignore stays: the binary embeds the folder, and has to find it.
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
for (const name of readdirSync(dist)) {
  if (name !== ".gitignore") rmSync(join(dist, name), { recursive: true });
}

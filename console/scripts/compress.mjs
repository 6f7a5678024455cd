// Puts a Brotli and a gzip form beside each built file, so that the binary serves them without compressing anything.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const compressible = /\.(html|js|css|svg|json)$/;

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

let [plain, brotli] = [0, 0];
for (const file of files) {
  // Browsers that read this console read WOFF2.
  if (file.endsWith(".woff") || file.endsWith(".ttf")) {
    rmSync(file);
    continue;
  }
  if (!compressible.test(file)) continue;
  const bytes = readFileSync(file);
  const small = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${file}.br`, small);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  plain += bytes.length;
  brotli += small.length;
}
console.log(`compressed ${(plain / 1024).toFixed(0)} KiB to ${(brotli / 1024).toFixed(0)} KiB (Brotli)`);

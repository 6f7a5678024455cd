import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Where a node's management listener is, for `npm run dev`.
const node = process.env.TOLLGATE_MANAGEMENT ?? "http://127.0.0.1:8081";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: {
    // dist/.gitignore stays: the binary embeds the folder and has to find it. The script removes what was built before.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "^/console/(api/|session$)": node } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});

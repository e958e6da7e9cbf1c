import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // The workspace's packages are read as sources: nothing has to be built before the console.
  resolve: { conditions: ["source", "module", "browser", "import", "default"] },
  base: "./",
  build: {
    target: "es2022",
    // Nothing is inlined as a data: address, so that the page works under a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    // The drawing library comes only when a graph is drawn; it is the largest chunk.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/ws": { target: "ws://127.0.0.1:8443", ws: true } } },
});

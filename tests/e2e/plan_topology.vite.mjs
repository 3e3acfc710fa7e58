// Builds the editor's geometry alone, for the test that drives it by chance.
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: process.env.PLAN_TOPOLOGY_OUT,
    emptyOutDir: false,
    minify: false,
    target: "es2023",
    lib: { entry: "maps/src/plan-topology-index.ts", formats: ["es"], fileName: "plan-topology" },
  },
});

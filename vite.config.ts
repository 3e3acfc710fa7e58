import { type Plugin, build, defineConfig } from "vite";

// The pages name these entries; the build leaves manifest.json beside them so that the server finds the
// hashed file of each.
const entries = [
  "maps/src/site.ts",
  "maps/src/county-ahead.ts",
  "maps/src/county.ts",
  "maps/src/villages.ts",
  "maps/src/village-charts.ts",
  "maps/src/thematic.ts",
  "maps/src/today.ts",
  "maps/src/today-worker.ts",
  "maps/src/defects.ts",
  "maps/src/board.ts",
  "maps/src/calendar.ts",
  "maps/src/ledger.ts",
  "maps/src/rounds.ts",
  "maps/src/reports.ts",
  "maps/src/roads.ts",
  "maps/src/plan-editor.ts",
  "maps/src/plan-page.ts",
  "maps/src/plan-compare.ts",
  "maps/src/plan-notices.ts",
  "maps/styles/plan-procedure.css",
  "maps/src/plan-services.ts",
  "maps/styles/village-map.css",
];

// The content security policy forbids eval, and htmx is configured never to call it; the bundle does not
// carry it either. An htmx that words the line otherwise stops the build.
function withoutEval(): Plugin {
  const line = "return eval(str)";
  return {
    name: "without-eval",
    transform(code, id) {
      if (!id.includes("/htmx.org/")) return null;
      if (!code.includes(line)) throw new Error(`${id} no longer holds: ${line}`);
      return { code: code.replace(line, "throw new Error(`not evaluated: ${str}`)"), map: null };
    },
  };
}

// folium's own scripts are classic ones and run at once, so what they call must be there before: this entry
// is built by itself into one classic script, which the manifest names like the others.
function classicScript(script: string): Plugin {
  return {
    name: "classic-script",
    async generateBundle() {
      const built = await build({
        configFile: false,
        base: "/static/build/",
        publicDir: false,
        logLevel: "warn",
        build: {
          write: false,
          license: { fileName: "licences-village-map.md" },
          target: "es2022",
          assetsInlineLimit: 0,
          modulePreload: false,
          rolldownOptions: { input: script, output: { format: "iife", comments: { legal: true } } },
        },
      });
      if (!("output" in built)) throw new Error(`${script} was not built`);
      for (const file of built.output) {
        const source = file.type === "chunk" ? file.code : file.source;
        const named = file.type === "chunk" ? { name: script, originalFileName: script } : {};
        this.emitFile({ type: "asset", fileName: file.fileName, source, ...named });
      }
    },
  };
}

/** Smaller files are sent as they are: compressing them saves less than a packet [bytes]. */
const COMPRESS_FROM = 1000;

// Compressed once and for all, beside each file, so that the service need not do it for everybody who asks.
function compressed(): Plugin {
  return {
    name: "compressed",
    generateBundle: {
      order: "post",
      async handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const bytes = new Blob([file.type === "chunk" ? file.code : new Uint8Array(bytesOf(file.source))]);
          if (bytes.size < COMPRESS_FROM || !/\.(js|css|svg)$/.test(file.fileName)) continue;
          const packed = new Response(bytes.stream().pipeThrough(new CompressionStream("gzip")));
          const source = new Uint8Array(await packed.arrayBuffer());
          this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source });
        }
      },
    },
  };
}

// A page on a slow line waits for each file once more than for its bytes. What every page loads is one file,
// what most maps load another; the rest is left to the build.
const TOGETHER = [
  {
    name: "ahead",
    test: /maps\/src\/(address|ahead|config|ground-start|ground-view|mercator|tiles)\.ts/,
    priority: 1,
  },
  { name: "site", test: /htmx\.org|preload-helper|maps\/src\/(busy-forms|confirm|elements|htmx|menus|problem|tabs|toast)\.ts/ },
  {
    name: "map",
    test: /node_modules\/(ol|earcut|pbf|proj4|quickselect|rbush)\/|maps\/src\/(controls|ground-layer|palette|projections)\.ts/,
    minShareCount: 5,
    tags: ["$initial" as const],
  },
];

function bytesOf(source: string | Uint8Array): Uint8Array {
  return typeof source === "string" ? new TextEncoder().encode(source) : source;
}

export default defineConfig({
  base: "/static/build/",
  publicDir: false,
  plugins: [withoutEval(), classicScript("maps/src/village-map.ts"), compressed()],
  build: {
    outDir: "fuliang_gis/web/static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // Small files stay files: the content security policy allows data: addresses for images alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: entries,
      output: { comments: { legal: true }, codeSplitting: { groups: TOGETHER } },
    },
  },
});

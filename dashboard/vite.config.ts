import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Writes `<file>.gz` beside each text file, so that the server compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = join(options.dir ?? ".", name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [compressed()],
  build: {
    outDir: process.env.LIGHTNING_SWEEPS_STATIC ?? "../lightning_sweeps/server/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's content security policy has no data: URLs but for images
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: "es2022",
  },
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin, type ProxyOptions } from "vite";

/** Writes `<file>.gz` beside each text file, so that the server need not compress anything. */
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

/** Passes requests on to the development server. It accepts changes only from its own origin. */
function proxyTo(target: string): ProxyOptions {
  return {
    target,
    changeOrigin: true,
    configure: (proxy) => {
      proxy.on("proxyReq", (request) => {
        if (request.getHeader("origin")) request.setHeader("origin", target);
      });
    },
  };
}

/** The server behind the page in development; `make dev` sets it. */
const target = process.env.LIGHTNING_SWEEPS_DEV_SERVER;

export default defineConfig({
  plugins: [compressed()],
  base: "./", // a proxy may serve the page below a path; the server completes the addresses in the HTML file
  server: {
    host: "127.0.0.1",
    ...(target ? { proxy: { "/api": proxyTo(target), "/login": proxyTo(target) } } : {}),
  },
  build: {
    outDir: process.env.LIGHTNING_SWEEPS_STATIC ?? "../lightning_sweeps/server/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's content security policy allows data: URLs only for images
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: "es2022",
  },
});

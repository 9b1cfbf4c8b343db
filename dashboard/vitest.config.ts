/** Unit tests of pure functions. Tests of the page in a real browser are in `tests/dashboard/`. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    setupFiles: ["vitest.setup.ts"],
    restoreMocks: true,
  },
});

import { describe, expect, it } from "vitest";
import { reached, rootOf, withoutRoot } from "./rootPath";

const ROOT = "/user/ada/proxy/8800";

describe("rootOf", () => {
  it("is what a proxy puts before the path", () => {
    expect(rootOf(`https://hub.example.org${ROOT}/assets/index-a.js`)).toBe(ROOT);
    expect(rootOf("https://hub.example.org/assets/assets/index-a.js")).toBe("/assets");
    expect(rootOf("http://127.0.0.1:8800/assets/index-a.js")).toBe("");
    expect(rootOf("http://127.0.0.1:5173/src/base/rootPath.ts")).toBe("");
  });
});

describe("reached", () => {
  it("changes addresses of this server only", () => {
    expect(reached("/runs/a?view=Pace", ROOT)).toBe(`${ROOT}/runs/a?view=Pace`);
    expect(reached("//other.example.org/a", ROOT)).toBe("//other.example.org/a");
    expect(reached("https://other.example.org/a", ROOT)).toBe("https://other.example.org/a");
    expect(reached("#files", ROOT)).toBe("#files");
  });
});

describe("withoutRoot", () => {
  it("undoes it", () => {
    expect(withoutRoot(`${ROOT}/runs/a`, ROOT)).toBe("/runs/a");
    expect(withoutRoot("/runs/a", ROOT)).toBe("/runs/a");
    expect(withoutRoot("/runs/runs/a", "/runs")).toBe("/runs/a");
    expect(withoutRoot("/runs/a", "")).toBe("/runs/a");
  });
});

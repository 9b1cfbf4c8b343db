import { describe, expect, it } from "vitest";
import { firstColumns, keysOf, moved, pinnedFirst, widthsOf, widthsText } from "./columns";

const run = (summary: Record<string, unknown>, config: Record<string, unknown> = {}) => ({ summary, config });

describe("keysOf", () => {
  it("puts metrics first, then parameters that differ, then other values", () => {
    const runs = [
      run({ "train/loss": 1, "val/loss": 1, note: "a" }, { lr: 0.1, seed: 1, model: { width: 8 } }),
      run({ "train/loss": 2, "val/loss": 2 }, { lr: 0.1, seed: 2, model: { width: 16 } }),
    ];
    expect(keysOf(runs)).toEqual([
      ...["summary.val/loss", "summary.train/loss", "config.seed", "config.model.width", "summary.note"],
    ]);
  });

  it("puts metrics that few runs have behind the others", () => {
    const runs = [run({ "val/rare": 1, common: 1 }), run({ common: 1 }), run({ common: 1 }), run({ common: 1 })];
    expect(keysOf(runs)).toEqual(["summary.common", "summary.val/rare"]);
  });

  it("leaves out names that the address cannot hold, and has none without runs", () => {
    expect(keysOf([run({ "a|b": 1, 'a"b': 1, ok: 1 })])).toEqual(["summary.ok"]);
    expect(keysOf([])).toEqual([]);
  });
});

describe("firstColumns", () => {
  it("begins with the metric of the project, if a run has logged it", () => {
    const keys = ["summary.a", "summary.b", "summary.c", "summary.d"];
    const metrics = (metric: string) => firstColumns(keys, metric).filter((id) => keys.includes(id));
    expect(metrics("d")).toEqual(["summary.d", "summary.a", "summary.b"]);
    expect(metrics("x")).toEqual(["summary.a", "summary.b", "summary.c"]);
  });

  it("shows at most five columns of metrics and configuration", () => {
    const keys = ["summary.a", "summary.b", "summary.c", "summary.d", "config.a", "config.b", "config.c"];
    const shown = firstColumns(keys).filter((id) => keys.includes(id));
    expect(shown).toEqual(["summary.a", "summary.b", "summary.c", "config.a", "config.b"]);
  });
});

describe("moved", () => {
  const columns = ["a", "~b", "c"];

  it("puts a column before or behind another one, with its mark", () => {
    expect(moved(columns, "b", "a", false)).toEqual(["~b", "a", "c"]);
    expect(moved(columns, "a", "c", true)).toEqual(["~b", "c", "a"]);
  });

  it("changes nothing for columns that are not there, or the same", () => {
    expect(moved(columns, "x", "a", false)).toBe(columns);
    expect(moved(columns, "a", "x", false)).toBe(columns);
    expect(moved(columns, "a", "a", true)).toBe(columns);
  });
});

describe("pinnedFirst", () => {
  it("keeps the order among pinned ones, and among others", () => {
    expect(pinnedFirst(["a", "~b", "c", "d"], ["d", "b", "gone"])).toEqual(["~b", "d", "a", "c"]);
  });
});

describe("widths in the address", () => {
  it("are read as they were written, also for names with a colon", () => {
    const widths = new Map([
      ["state", 140],
      ["summary.a:b", 90],
    ]);
    expect(widthsOf(widthsText(widths))).toEqual(widths);
  });

  it("are left out if they are not allowed", () => {
    expect(widthsOf("a:1|b:99999|c:x|:100|d|").size).toBe(0);
    expect(widthsOf("").size).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { type Panel, reportParts, withFrozen } from "./panels";

const panelOf = (body: string) => reportParts(`\`\`\`panel\n${body}\n\`\`\``)[0] as Panel;

describe("reportParts", () => {
  it("are texts and panels in order", () => {
    const parts = reportParts("# Week 1\n\n```panel\nmetric: val/loss\n```\n\nIt works.\n\n```py\nx = 1\n```\n");
    expect(parts.map((part) => (part.kind === "text" ? part.text.trim().slice(0, 9) : part.panel.metrics))).toEqual([
      "# Week 1",
      ["val/loss"],
      "It works.",
    ]);
    expect(reportParts("")).toEqual([]);
  });

  it("read what a panel shows", () => {
    const { panel, fault } = panelOf("metric: val/loss, val/acc\nfilter: name ~ a:b\ngroup by: config.lr\nruns: 500");
    expect(fault).toBe("");
    expect(panel).toEqual({
      ...{ metrics: ["val/loss", "val/acc"], columns: [], sweep: "", project: "", filter: "name ~ a:b" },
      ...{ sort: "-created", groupBy: ["config.lr"], runs: 200, frozen: "" },
    });
  });

  it.each([
    ["", "shows nothing"],
    ["metrics: loss", "`metrics: loss` is not understood"],
    ["metric: loss\nruns: many", "`runs` is no number"],
  ])("say what is wrong with %j", (body, words) => {
    expect(panelOf(body).fault).toContain(words);
  });
});

describe("withFrozen", () => {
  const report = "a\n\n```panel\nmetric: x\n```\n\nb\n\n```panel\nmetric: y\nruns: 3\n```\n";

  it("keeps what each panel shows, and gives the live panels back", () => {
    const frozen = withFrozen(report, ["one", "two"]);
    const panels = reportParts(frozen).flatMap((part) => (part.kind === "panel" ? part : []));
    expect(panels.map(({ panel, fault }) => [panel.frozen, panel.metrics[0], fault])).toEqual([
      ["one", "x", ""],
      ["two", "y", ""],
    ]);
    expect(withFrozen(withFrozen(frozen, ["three", ""]), [])).toBe(report);
  });
});

import { describe, expect, it } from "vitest";
import { exportHtml } from "./exportHtml";

const shot = {
  ...{ time: 0, sweep: [["state", "running"]] as [string, string][] },
  charts: [{ title: "loss <b>", svg: "<svg/>", legend: [{ label: "a & b", color: "#123456" }] }],
  table: { heads: ["name"], rows: [["<script>"]], total: 1 },
};

describe("exportHtml", () => {
  const html = exportHtml(
    "Week <1>",
    [
      { kind: "html", html: '<a href="/runs">x</a>' },
      { kind: "panel", shot },
    ],
    "http://h",
    "now",
  );

  it("has charts as pictures, tables as texts, and whole links", () => {
    expect(html).toContain('src="data:image/svg+xml,%3Csvg%2F%3E"');
    expect(html).toContain("a &amp; b");
    expect(html).toContain("<td>&lt;script&gt;</td>");
    expect(html).toContain('<a href="http://h/runs">');
  });

  it("asks no other host for anything, and runs no script", () => {
    expect(html).not.toMatch(/src="(?!data:)|<link|@import|<script/);
    expect(html).toContain("default-src 'none'");
  });
});

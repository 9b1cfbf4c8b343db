import { describe, expect, it } from "vitest";
import { markdownHtml } from "./markdownHtml";

describe("markdownHtml", () => {
  it("renders text below the headings of the page", () => {
    expect(markdownHtml("# Digits\n\nA *set* of `28x28` images")).toBe(
      "<h3>Digits</h3>\n<p>A <em>set</em> of <code>28x28</code> images</p>\n",
    );
    expect(markdownHtml("###### deep")).toBe("<h6>deep</h6>\n");
    expect(markdownHtml("- [x] done\n- [ ] open")).toContain("☑ done");
    expect(markdownHtml("| a |\n|---|\n| 1 |")).toContain("<td>1</td>");
  });

  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onclick=alert(1)>bold</b>",
    "<svg><style><img src=x onerror=alert(1)>",
    "`<script>`",
    "```\n<script>alert(1)</script>\n```",
  ])("shows the HTML of %s as text", (text) => {
    expect(markdownHtml(text)).not.toMatch(/<(script|img|b|svg|style)\b/i);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "//evil",
    "vbscript:x",
    "page",
    "&#106;avascript:x",
  ])("has no link to %s", (address) => {
    expect(markdownHtml(`[text](${address})`)).not.toContain("href");
    expect(markdownHtml(`![text](${address})`)).not.toMatch(/href|src/);
    expect(markdownHtml(`[text][1]\n\n[1]: ${address}`)).not.toContain("href");
  });

  it("opens other sites in a new tab, and this one in place", () => {
    expect(markdownHtml("[paper](https://example.org/?a=1&b=2)")).toContain(
      '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">paper</a>',
    );
    expect(markdownHtml("[best](/runs?sort=name)")).toContain('<a href="/runs?sort=name">best</a>');
    expect(markdownHtml('[a](https://x.org/"onmouseover="alert(1))')).not.toMatch(/"\s*onmouseover/);
  });

  it("shows images of this server, and links to others", () => {
    expect(markdownHtml("![plot](/api/blobs/abc)")).toContain('<img src="/api/blobs/abc" alt="plot">');
    expect(markdownHtml("![plot](https://example.org/a.png)")).toContain(">plot</a>");
  });
});

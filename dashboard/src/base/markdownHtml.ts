/** Turns Markdown into HTML that is safe to show. The page loads this file, with its libraries, when it needs it. */

import DOMPurify from "dompurify";
import { Marked } from "marked";

/** Headings of a text are below those of the page's sections. */
const DEEPER = 2;
const DEEPEST = 6;
const TAGS = [
  ...["h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "strong", "em", "del"],
  ...["a", "img", "table", "thead", "tbody", "tr", "th", "td"],
];
const ATTRIBUTES = ["href", "src", "alt", "title", "align", "start", "target", "rel"];
/** Addresses of the web, of mail, and on this server: `/runs`, but not `//host`. */
const LINK = /^(?:https?:\/\/|mailto:|\/(?![/\\])|#)/i;
/** The page's content security policy allows images of this server only. */
const IMAGE = /^(?:\/(?![/\\])|data:image\/(?:png|jpeg|gif|webp);)/i;

function escaped(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (one) => names[one] ?? one);
}

function link(href: string, inner: string): string {
  if (!LINK.test(href)) return inner;
  const away = href.startsWith("/") || href.startsWith("#") ? "" : ' target="_blank" rel="noopener noreferrer"';
  return `<a href="${escaped(href)}"${away}>${inner}</a>`;
}

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escaped(text),
    heading({ tokens, depth }) {
      const level = Math.min(DEEPEST, depth + DEEPER);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    link({ href, tokens }) {
      return link(href, this.parser.parseInline(tokens));
    },
    image: ({ href, text }) =>
      IMAGE.test(href) ? `<img src="${escaped(href)}" alt="${escaped(text)}">` : link(href, escaped(text || href)),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** Returns the HTML of a Markdown text. HTML in the text is shown as text. */
export function markdownHtml(text: string): string {
  return marked.parse(text, { async: false });
}

/** Returns the HTML of a Markdown text after a second, independent check of all tags, attributes and addresses. */
export function safeHtml(text: string): string {
  return DOMPurify.sanitize(markdownHtml(text), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}

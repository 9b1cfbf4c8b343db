/** A text in Markdown. Its libraries are loaded with the first text. */

import { useEffect, useState } from "preact/hooks";
import "./Markdown.css";

export function Markdown({ text }: { text: string }) {
  const [html, setHtml] = useState<string | null>("");
  useEffect(() => {
    let isOver = false;
    const take = (next: string | null) => isOver || setHtml(next);
    import("./markdownHtml").then(
      ({ safeHtml }) => take(safeHtml(text)),
      () => take(null), // the server has another version by now, or does not answer: the text as it was written
    );
    return () => {
      isOver = true;
    };
  }, [text]);
  if (html === null) return <p class="markdown plain-text">{text}</p>;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: `safeHtml` lets no script through, and neither does the policy
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}

/** What differs between two stored texts, side by side or one below the other. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { Failure } from "../base/Failure";
import { storedText } from "./runFiles";
import { type DiffLine, diffLines, paired } from "./textDiff";

interface Props {
  /** The digests of the texts; empty: there is none on this side. */
  before: string;
  after: string;
  isSplit: boolean;
}

export function TextDiff({ before, after, isSplit }: Props) {
  const [texts, setTexts] = useState<[string, string] | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    let isOver = false;
    setError("");
    Promise.all([before, after].map(async (digest) => (digest ? storedText(digest) : ""))).then(
      ([first = "", second = ""]) => isOver || setTexts([first, second]),
      (problem: Error) => isOver || setError(problem.message),
    );
    return () => {
      isOver = true;
    };
  }, [before, after]);
  const lines = useMemo(() => (texts ? diffLines(...texts) : []), [texts]);
  if (error) return <Failure error={error} />;
  if (!texts) return null;
  if (!lines.length) return <p class="empty">These files are the same.</p>;
  return isSplit ? <Split lines={lines} /> : <Unified lines={lines} />;
}

function Unified({ lines }: { lines: DiffLine[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <pre class="text-diff" tabIndex={0}>
      {lines.map(({ kind, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name
        <span key={at} class={kind}>
          {text}
        </span>
      ))}
    </pre>
  );
}

function Split({ lines }: { lines: DiffLine[] }) {
  const rows = useMemo(() => paired(lines), [lines]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls only what has the focus (WCAG 2.1.1)
    <div class="text-diff split" tabIndex={0}>
      <table>
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name
            <tr key={at} class={row.kind}>
              <td class="line-place">{row.before?.line}</td>
              <td class={row.before?.kind}>{row.before?.text}</td>
              <td class="line-place">{row.after?.line}</td>
              <td class={row.after?.kind}>{row.after?.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

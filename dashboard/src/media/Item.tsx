/** One logged file, shown as what it is; what a page cannot show is offered as a file. */

import { useEffect, useState } from "preact/hooks";
import type { MediaEntry } from "../api/types";
import { send } from "../base/embed";
import { bytes, number, value } from "../base/format";
import { useSource } from "../panels/Embedded";
import { contents, HISTOGRAM, loadJson, MATRIX, TABLE } from "./contents";
import { type Histogram, HistogramBars } from "./Histograms";

const MOST_ROWS = 200;
const MOST_CHARACTERS = 100_000;

export function Item({ entry, isRankTold }: { entry: MediaEntry; isRankTold: boolean }) {
  const said = [entry.caption, isRankTold ? `rank ${entry.rank}` : ""].filter(Boolean).join(" · ");
  return (
    <figure class="media-item">
      {entry.is_stored ? (
        <Content entry={entry} />
      ) : (
        <p class="empty">Its content ({bytes(entry.size_bytes)}) is on its way from the machine that logged it.</p>
      )}
      <figcaption>
        <span>{said}</span>
        {entry.is_stored && (
          <a
            class="soft"
            href={contents.blob(entry.digest, entry.mime, fileName(entry))}
            download={fileName(entry)}
            aria-label={`${bytes(entry.size_bytes)} ↓ ${fileName(entry)}`}
          >
            {bytes(entry.size_bytes)} ↓
          </a>
        )}
      </figcaption>
    </figure>
  );
}

function Content({ entry }: { entry: MediaEntry }) {
  const source = contents.blob(entry.digest, entry.mime);
  const kind = entry.mime.split("/")[0];
  if (kind === "image" && !entry.mime.includes("svg"))
    return <Picture source={source} name={entry.caption || `${entry.key}, step ${entry.step}, ${entry.index}`} />;
  if (kind === "audio" || kind === "video")
    return <Film source={source} isSound={kind === "audio"} name={entry.caption || entry.key} />;
  if (entry.mime === TABLE)
    return <Json<TableContent> digest={entry.digest} show={(found) => <TableView {...found} />} />;
  if (entry.mime === HISTOGRAM)
    return <Json<Histogram> digest={entry.digest} show={(found) => <HistogramBars histogram={found} />} />;
  if (entry.mime === MATRIX)
    return <Json<MatrixContent> digest={entry.digest} show={(found) => <MatrixView {...found} />} />;
  if (entry.mime === "text/plain") return <Text digest={entry.digest} />;
  if (entry.mime === "application/json")
    return (
      <Json<unknown>
        digest={entry.digest}
        show={(found) => (
          <pre class="console" tabIndex={0}>
            {JSON.stringify(found, null, 2)}
          </pre>
        )}
      />
    );
  return <p class="soft">{entry.mime}: to be opened elsewhere</p>;
}

function Picture({ source, name }: { source: string; name: string }) {
  return (
    <a href={source} target="_blank" rel="noreferrer">
      <img src={useSource(source)} alt={name} loading="lazy" />
    </a>
  );
}

function Film({ source, isSound, name }: { source: string; isSound: boolean; name: string }) {
  const found = useSource(source);
  const Kind = isSound ? "audio" : "video";
  return <Kind controls preload="metadata" src={found} aria-label={name} />;
}

function Json<T>({ digest, show }: { digest: string; show: (found: T) => preact.ComponentChildren }) {
  const [found, setFound] = useState<{ of: string; value?: T; error?: string }>({ of: "" });
  useEffect(() => {
    let isOver = false;
    loadJson<T>(digest).then(
      (value) => isOver || setFound({ of: digest, value }),
      (error: Error) => isOver || setFound({ of: digest, error: error.message }),
    );
    return () => {
      isOver = true;
    };
  }, [digest]);
  if (found.error) return <p class="failure">{found.error}</p>;
  return found.value === undefined ? <p class="empty">…</p> : <>{show(found.value)}</>;
}

function Text({ digest }: { digest: string }) {
  const [text, setText] = useState("…");
  useEffect(() => {
    const stop = new AbortController();
    send(contents.blob(digest), { signal: stop.signal })
      .then(async (answer) => setText((await answer.text()).slice(0, MOST_CHARACTERS)))
      .catch((error: Error) => stop.signal.aborted || setText(error.message));
    return () => stop.abort();
  }, [digest]);
  return (
    <pre class="console" tabIndex={0}>
      {text}
    </pre>
  );
}

interface TableContent {
  columns: string[];
  rows: unknown[][];
}

function TableView({ columns, rows }: TableContent) {
  const isNumber = columns.map((_, at) => rows.every((row) => typeof row[at] === "number"));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table">
      <table class="plain-table">
        <thead>
          <tr>
            {columns.map((name, at) => (
              <th key={at} class={isNumber[at] ? "number" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            <tr key={at}>
              {row.map((cell, place) => (
                <td key={place} class={isNumber[place] ? "number" : ""}>
                  {value(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p class="soft">
          the first {MOST_ROWS} of {rows.length} rows
        </p>
      )}
    </div>
  );
}

interface MatrixContent {
  labels: string[];
  matrix: number[][];
}

/** A confusion matrix: rows are true classes, columns predicted ones; each row is shaded by its own sum. */
function MatrixView({ labels, matrix }: MatrixContent) {
  const name = (at: number) => labels[at] ?? String(at);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">true \ predicted</th>
            {matrix.map((_, at) => (
              <th scope="col" key={at}>
                {name(at)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, at) => {
            const sum = row.reduce((total, count) => total + count, 0) || 1;
            return (
              <tr key={at}>
                <th scope="row">{name(at)}</th>
                {row.map((count, place) => (
                  <td
                    key={place}
                    class={place === at ? "hit" : "miss"}
                    style={{
                      background: `color-mix(in srgb, var(${place === at ? "--good-bar" : "--bad-bar"}) ${Math.round((70 * count) / sum)}%, transparent)`,
                    }}
                    title={`true ${name(at)}, predicted ${name(place)}: ${count} (${number((100 * count) / sum, 3)} %)`}
                  >
                    {count ? number(count) : ""}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const ENDINGS: Record<string, string> = {
  [TABLE]: "json",
  [HISTOGRAM]: "json",
  [MATRIX]: "json",
  "text/plain": "txt",
  "image/jpeg": "jpg",
  "image/apng": "png",
  "audio/x-wav": "wav",
};

function fileName(entry: MediaEntry): string {
  const ending =
    ENDINGS[entry.mime] ??
    (/^[a-z]+\/([a-z0-9]{2,5})$/.exec(entry.mime)?.[1] || (entry.mime.endsWith("json") ? "json" : "bin"));
  return `${entry.key.replace(/[^\w.-]+/g, "_")}-${entry.step}-${entry.index}.${ending}`;
}

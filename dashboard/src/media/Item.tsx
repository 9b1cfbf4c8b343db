/** One logged file, shown by its type. A type that a page cannot show is offered as a file. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { MediaEntry } from "../api/types";
import { send } from "../base/embed";
import { bytes } from "../base/format";
import { Preformatted } from "../base/Scroll";
import { useSource } from "../base/source";
import { contents, HISTOGRAM, MATRIX, TABLE } from "./contents";
import { fileName } from "./fileName";
import { type Histogram, HistogramBars } from "./HistogramBars";
import { type MatrixContent, MatrixView } from "./MatrixView";
import { type TableContent, TableView } from "./TableView";
import { useJson } from "./useJson";
import "./Item.css";

const MOST_CHARACTERS = 100_000;

export function Item({ entry, hasRank }: { entry: MediaEntry; hasRank: boolean }) {
  const caption = [entry.caption, hasRank ? `rank ${entry.rank}` : ""].filter(Boolean).join(" · ");
  const size = bytes(entry.size_bytes);
  const name = fileName(entry);
  return (
    <figure class="media-item">
      {entry.is_stored ? <Content entry={entry} /> : <p class="empty">Its content ({size}) is not uploaded yet.</p>}
      <figcaption>
        <span>{caption}</span>
        {entry.is_stored && (
          <a
            class="soft"
            href={contents.blob(entry.digest, entry.mime, name)}
            download={name}
            aria-label={`${size} ↓ ${name}`}
          >
            {size} ↓
          </a>
        )}
      </figcaption>
    </figure>
  );
}

/** How each type is shown. A type with a `/` at its end stands for all types of its kind. */
const VIEWS: Record<string, (entry: MediaEntry) => ComponentChildren> = {
  "image/": (entry) => <Picture entry={entry} />,
  "audio/": (entry) => <Player entry={entry} kind="audio" />,
  "video/": (entry) => <Player entry={entry} kind="video" />,
  "text/plain": ({ digest }) => <PlainText digest={digest} />,
  "application/json": ({ digest }) => (
    <Json<unknown> digest={digest} show={(found) => <Preformatted>{JSON.stringify(found, null, 2)}</Preformatted>} />
  ),
  [TABLE]: ({ digest }) => <Json<TableContent> digest={digest} show={(found) => <TableView {...found} />} />,
  [HISTOGRAM]: ({ digest }) => (
    <Json<Histogram> digest={digest} show={(found) => <HistogramBars histogram={found} />} />
  ),
  [MATRIX]: ({ digest }) => <Json<MatrixContent> digest={digest} show={(found) => <MatrixView {...found} />} />,
};

function Content({ entry }: { entry: MediaEntry }) {
  const isSvg = entry.mime.includes("svg"); // an image that can contain scripts
  const view = VIEWS[entry.mime] ?? (isSvg ? undefined : VIEWS[entry.mime.replace(/\/.*/, "/")]);
  return view ? view(entry) : <p class="soft">{entry.mime}: open it with another program</p>;
}

function Picture({ entry }: { entry: MediaEntry }) {
  const path = contents.blob(entry.digest, entry.mime);
  return (
    <a href={path} target="_blank" rel="noreferrer">
      <img
        src={useSource(path)}
        alt={entry.caption || `${entry.key}, step ${entry.step}, ${entry.index}`}
        loading="lazy"
      />
    </a>
  );
}

function Player({ entry, kind: Kind }: { entry: MediaEntry; kind: "audio" | "video" }) {
  const source = useSource(contents.blob(entry.digest, entry.mime));
  return <Kind controls preload="metadata" src={source} aria-label={entry.caption || entry.key} />;
}

function Json<T>({ digest, show }: { digest: string; show: (found: T) => ComponentChildren }) {
  const { value, error } = useJson<T>(digest);
  if (error) return <p class="failure">{error}</p>;
  return value === undefined ? <p class="empty">…</p> : show(value);
}

function PlainText({ digest }: { digest: string }) {
  const [text, setText] = useState("…");
  useEffect(() => {
    const stop = new AbortController();
    send(contents.blob(digest), { signal: stop.signal })
      .then(async (answer) => setText((await answer.text()).slice(0, MOST_CHARACTERS)))
      .catch((error: Error) => stop.signal.aborted || setText(error.message));
    return () => stop.abort();
  }, [digest]);
  return <Preformatted>{text}</Preformatted>;
}

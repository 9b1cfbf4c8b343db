/** What stands around a view in another page's frame: nothing; and in its place once it has ended, how to get a new one. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { startLive } from "../api/live";
import { isEmbedded, openView, send } from "../base/embed";
import { usePlace } from "../base/router";

export function Embedded({ children }: { children: ComponentChildren }) {
  const [state, setState] = useState<"opening" | "open" | "over">("opening");
  const [said, setSaid] = useState("");
  const { path, query } = usePlace();
  useEffect(() => {
    document.documentElement.classList.add("embedded");
    const ended = (why: string) => {
      setSaid(why);
      setState("over");
    };
    void openView(ended).then((isOpen) => {
      if (!isOpen) return;
      setState("open");
      startLive();
    });
  }, []);
  if (state === "open") return <>{children}</>;
  const text = query.toString();
  return (
    <main class="page" id="main">
      {state === "opening" ? (
        <p class="empty">…</p>
      ) : (
        <div class="empty" role="alert">
          <p>{said} Run the cell again for a new view, or</p>
          <a class="button" href={path + (text && `?${text}`)} target="_blank" rel="noreferrer">
            open the dashboard ↗
          </a>
        </div>
      )}
    </main>
  );
}

/** Returns where an element finds a content of the server: in a frame it is fetched, as elements carry no token. */
export function useSource(path: string): string | undefined {
  const [source, setSource] = useState<string | undefined>(isEmbedded ? undefined : path);
  useEffect(() => {
    if (!isEmbedded) {
      setSource(path);
      return;
    }
    let made = "";
    const stop = new AbortController();
    send(path, { signal: stop.signal })
      .then(async (answer) => {
        if (!answer.ok) return;
        made = URL.createObjectURL(await answer.blob());
        setSource(made);
      })
      .catch(() => undefined); // the view has ended, or the element is gone
    return () => {
      stop.abort();
      URL.revokeObjectURL(made);
    };
  }, [path]);
  return source;
}

/** The frame around a view in another page: nothing, until the view has ended. Then it says how to get a new one. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { startLive } from "../api/live";
import { openView } from "../base/embed";
import { usePlace } from "../base/router";
import "./Embedded.css";

export function Embedded({ children }: { children: ComponentChildren }) {
  const [state, setState] = useState<"opening" | "open" | "over">("opening");
  const [reason, setReason] = useState("");
  const { path, query } = usePlace();
  useEffect(() => {
    document.documentElement.classList.add("embedded");
    const end = (why: string) => {
      setReason(why);
      setState("over");
    };
    void openView(end).then((isOpen) => {
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
          <p>{reason} Run the cell again for a new view, or</p>
          <a class="button" href={path + (text && `?${text}`)} target="_blank" rel="noreferrer">
            open the dashboard ↗
          </a>
        </div>
      )}
    </main>
  );
}

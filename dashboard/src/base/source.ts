/** Addresses from which elements such as images load the content of blobs. */

import { useEffect, useState } from "preact/hooks";
import { isEmbedded, send } from "./embed";

/** Returns the address of a blob's content. In a frame the content is fetched first, because elements send no token. */
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

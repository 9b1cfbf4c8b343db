/** A page of the console. Its lines are there while it is near the visible part; otherwise it only takes their room. */

import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useData } from "../api/data";
import { counted } from "../base/names";
import { useIsVisible } from "../base/visibility";
import { ConsoleRow } from "./ConsoleRow";
import { type Fold, folded } from "./progressBars";
import type { ConsoleView } from "./useConsole";

/** Pages this close to the visible part are loaded. */
const AHEAD = "600px";

interface Props {
  view: ConsoleView;
  /** What scrolls. */
  box: RefObject<HTMLElement | null>;
  first: number;
  count: number;
}

export function ConsolePage({ view, box, first, count }: Props) {
  const node = useRef<HTMLDivElement>(null);
  const isNear = useIsVisible(node, { box, ahead: AHEAD });
  const { value } = useData(isNear ? view.page(first) : null);
  const height = useRef("");
  const { isFolding } = view;
  const folds = useMemo(
    () => (isFolding ? folded(value?.lines ?? []) : (value?.lines ?? []).map((line): Fold => [line])),
    [value, isFolding],
  );
  useLayoutEffect(() => {
    if (value && node.current) height.current = `${node.current.offsetHeight}px`;
  });
  return (
    <div class="console-page" ref={node} style={value ? {} : { height: height.current || `${count}lh` }}>
      {folds.map((fold) => (
        <FoldRow key={fold[0].id} fold={fold} view={view} />
      ))}
    </div>
  );
}

/** A line, or the last state of a progress bar and on request the others. */
function FoldRow({ fold, view }: { fold: Fold; view: ConsoleView }) {
  const [isOpen, setOpen] = useState(false);
  const hidden = fold.slice(0, -1);
  const isShown = isOpen || hidden.some(({ number }) => number === view.target);
  return (
    <>
      {isShown && hidden.map((line) => <ConsoleRow key={line.id} line={line} view={view} />)}
      <ConsoleRow line={fold[fold.length - 1] ?? fold[0]} view={view}>
        {hidden.length > 0 && (
          <button type="button" class="fold-button" aria-expanded={isShown} onClick={() => setOpen(!isOpen)}>
            {isShown ? "fold" : `${counted(hidden.length, "earlier state")}`}
          </button>
        )}
      </ConsoleRow>
    </>
  );
}

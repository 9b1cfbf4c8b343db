/** A filter while it is typed: it takes effect once the typing rests, if nothing is wrong with it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { REST_MS } from "../base/rested";
import { filterFault, isFilter } from "./filterText";

/** A column without an operator yet: nobody looks for it as a word. */
const UNFINISHED = /^\s*(config|summary|min|max|mean)\.\S*\s*$/;

export interface TypedFilter {
  text: string;
  /** Where the cursor is. */
  caret: number;
  setCaret: (at: number) => void;
  edit: (text: string, caret: number) => void;
  /** Makes a text the filter at once. With a fault in it, the rows of the last whole filter stay. */
  send: (text: string) => void;
}

export function useTypedFilter(value: string, onChange: (text: string) => void): TypedFilter {
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) setText(value); // it was changed elsewhere, for example by a click on a cell
    sent.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  function send(next: string): void {
    clearTimeout(timer.current);
    if (isFilter(next) ? filterFault(next) : UNFINISHED.test(next)) return;
    sent.current = next;
    onChange(next);
  }
  function edit(next: string, at: number): void {
    setText(next);
    setCaret(at);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next), REST_MS);
  }
  return { text, caret, setCaret, edit, send };
}

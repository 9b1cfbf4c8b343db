/** The field for words or a filter: completes what is typed, and marks what is wrong with it. */

import { useRef, useState } from "preact/hooks";
import { filterFault, isFilter, typedPart } from "./filterText";
import { type Completion, useCompletions } from "./useCompletions";
import { useTypedFilter } from "./useTypedFilter";
import "./FilterField.css";

interface Props {
  value: string;
  /** Called with a text without faults, once the typing rests. */
  onChange: (text: string) => void;
  project: string;
  /** The server rejected the filter. */
  isRejected: boolean;
}

export function FilterField({ value, onChange, project, isRejected }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const { text, caret, setCaret, send, edit } = useTypedFilter(value, onChange);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const part = typedPart(text.slice(0, caret));
  const completions = useCompletions(part, project, isOpen);
  const fault = isFilter(text) ? filterFault(text) : null;
  function type(next: string, at: number): void {
    edit(next, at);
    setActive(-1);
    setOpen(document.activeElement === input.current);
  }
  function accept({ text: completion }: Completion): void {
    const before = `${text.slice(0, part.start)}${completion} `;
    type(before + text.slice(caret).trimStart(), before.length);
    input.current?.focus();
    requestAnimationFrame(() => input.current?.setSelectionRange(before.length, before.length));
  }
  function press(event: KeyboardEvent): void {
    const chosen = completions[event.key === "Tab" ? Math.max(active, 0) : active];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && completions.length) setActive((active + step + completions.length) % completions.length);
    else if (event.key === "Escape") setOpen(false);
    else if ((event.key === "Enter" || (event.key === "Tab" && part.text)) && isOpen && chosen) accept(chosen);
    else if (event.key === "Enter") send(text);
    else return;
    event.preventDefault();
  }
  return (
    <div class="filter-field wide">
      <input
        ref={input}
        type="search"
        // biome-ignore lint/a11y/noRedundantRoles: without a list of its own, the field has another role
        role="combobox"
        list={undefined}
        aria-expanded={isOpen && completions.length > 0}
        aria-controls="filter-completions"
        aria-autocomplete="list"
        placeholder="Words, or a filter: summary.val/loss < 0.3 and config.lr > 0.01"
        aria-label="Search runs"
        aria-invalid={isRejected || fault !== null}
        autocomplete="off"
        value={text}
        onInput={(event) => type(event.currentTarget.value, event.currentTarget.selectionStart ?? 0)}
        onKeyDown={press}
        onKeyUp={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onFocus={(event) => {
          setCaret(event.currentTarget.selectionStart ?? 0);
          setOpen(true);
        }}
        onBlur={() => setOpen(false)}
      />
      {fault && <Mark text={text} at={fault.at} message={fault.message} />}
      {isOpen && completions.length > 0 && <List {...{ completions, active }} onChoose={accept} />}
    </div>
  );
}

/** Shows the place of a fault below the text, and what to write there. */
function Mark({ text, at, message }: { text: string; at: number; message: string }) {
  return (
    <p class="filter-fault" role="status">
      <code>
        {text.slice(0, at)}
        <mark>{text.slice(at) || " "}</mark>
      </code>
      {message}
    </p>
  );
}

interface ListProps {
  completions: Completion[];
  active: number;
  onChoose: (completion: Completion) => void;
}

function List({ completions, active, onChoose }: ListProps) {
  return (
    <div class="filter-completions" id="filter-completions" role="listbox">
      {completions.map((completion, at) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
        <div
          key={completion.text}
          role="option"
          aria-selected={at === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(completion)}
        >
          <span class="mono">{completion.text}</span>
          <small class="soft">{completion.note}</small>
        </div>
      ))}
    </div>
  );
}

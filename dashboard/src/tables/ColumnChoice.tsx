/** Chooses which columns a table shows, in which order, which of them stay visible, and which are small charts. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useRested } from "../base/rested";
import { toggled } from "../base/router";
import { SPARK } from "./columns";
import { type MetricColumn, metricColumnOf, STATISTICS } from "./metricColumns";
import "./ColumnChoice.css";

interface Props {
  all: string[];
  chosen: string[];
  pinned: string[];
  onChange: (chosen: string[]) => void;
  onPin: (pinned: string[]) => void;
  /** The project whose columns are found by searching; empty: all. */
  project: string;
  /** What stands below the list. */
  children?: ComponentChildren;
}

const MOST_LISTED = 200;
const NONE: never[] = [];

export function ColumnChoice(props: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu, wherever in it the focus is
    <div class="menu push" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Columns
      </button>
      {isOpen && <ColumnList {...props} />}
    </div>
  );
}

function ColumnList(props: Props) {
  const { all, chosen, project } = props;
  const [words, setWords] = useState("");
  const search = useRested(words);
  const asked = { ...(project ? { project } : {}), search, limit: MOST_LISTED };
  const found = useData(search ? paths.runColumns(asked) : null).value ?? NONE;
  const known = new Set(chosen.map(bare));
  const others = [...new Set([...all, ...found])].filter((id) => !known.has(id) && !id.includes("|"));
  const listed = [...chosen, ...others]
    .filter((id) => id.toLowerCase().includes(words.toLowerCase()))
    .slice(0, MOST_LISTED);
  return (
    <div class="menu-list wide">
      <input
        type="search"
        aria-label="Search columns"
        placeholder="Search columns"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      {listed.map((id) => (
        <ColumnRow key={bare(id)} id={id} {...props} />
      ))}
      {props.children}
    </div>
  );
}

/** Returns a column's id without the mark of a small chart. */
function bare(id: string): string {
  return id.replace(SPARK, "");
}

function ColumnRow({ id, chosen, onChange, ...props }: Props & { id: string }) {
  const key = bare(id);
  const isChosen = chosen.includes(id);
  return (
    <div class="column-row">
      <label title={key}>
        <input type="checkbox" checked={isChosen} onChange={() => onChange(toggled(chosen, id))} />
        <span>{key}</span>
      </label>
      {isChosen && <ColumnButtons id={id} chosen={chosen} onChange={onChange} {...props} />}
    </div>
  );
}

function ColumnButtons({ id, chosen, pinned, onChange, onPin }: Props & { id: string }) {
  const key = bare(id);
  const isSpark = id !== key;
  const move = (by: number) => {
    const next = chosen.filter((one) => one !== id);
    next.splice(Math.max(0, chosen.indexOf(id) + by), 0, id);
    onChange(next);
  };
  const logged = metricColumnOf(key);
  const show = (statistic: string) =>
    onChange(chosen.map((one) => (one === id ? `${statistic}.${logged?.metric}` : one)));
  const draw = () => onChange(chosen.map((one) => (one === id ? `${isSpark ? "" : SPARK}${key}` : one)));
  return (
    <>
      {logged && !isSpark && <StatisticChoice {...logged} onChange={show} />}
      {logged?.statistic === "summary" && (
        <IconButton label={`Draw ${key} as a small chart`} title="as a small chart" isOn={isSpark} onClick={draw}>
          ∿
        </IconButton>
      )}
      <IconButton
        label={`Keep ${key} visible`}
        title="keep visible"
        isOn={pinned.includes(key)}
        onClick={() => onPin(toggled(pinned, key))}
      >
        ⇤
      </IconButton>
      <IconButton label={`Move ${key} left`} onClick={() => move(-1)}>
        ←
      </IconButton>
      <IconButton label={`Move ${key} right`} onClick={() => move(1)}>
        →
      </IconButton>
    </>
  );
}

/** Chooses which value of a metric a column shows. */
function StatisticChoice({ statistic, metric, onChange }: MetricColumn & { onChange: (statistic: string) => void }) {
  return (
    <select
      aria-label={`Value of ${metric}`}
      value={statistic}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {Object.entries(STATISTICS).map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface IconButtonProps {
  label: string;
  title?: string;
  isOn?: boolean;
  onClick: () => void;
  children: string;
}

function IconButton({ label, title, isOn, onClick, children }: IconButtonProps) {
  return (
    <button type="button" class="icon" aria-pressed={isOn} aria-label={label} title={title} onClick={onClick}>
      {children}
    </button>
  );
}

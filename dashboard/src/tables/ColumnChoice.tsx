/** Which columns a table shows, in which order, which of them stay in sight, which are drawn as small charts. */

import { useState } from "preact/hooks";
import { SPARK } from "./columns";

interface Props {
  all: string[];
  chosen: string[];
  pinned: string[];
  onChange: (chosen: string[]) => void;
  onPin: (pinned: string[]) => void;
}

export function ColumnChoice({ all, chosen, pinned, onChange, onPin }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const move = (id: string, by: number) => {
    const next = chosen.filter((one) => one !== id);
    next.splice(Math.max(0, chosen.indexOf(id) + by), 0, id);
    onChange(next);
  };
  const flip = (list: string[], id: string) => (list.includes(id) ? list.filter((one) => one !== id) : [...list, id]);
  const bare = (id: string) => id.replace(SPARK, "");
  const known = new Set(chosen.map(bare));
  const others = all.filter((id) => !known.has(id));
  return (
    <div class="menu push" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Columns
      </button>
      {isOpen && (
        <div class="menu-list wide">
          <input
            type="search"
            aria-label="Search columns"
            placeholder="Search columns"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
          {[...chosen, ...others]
            .filter((id) => id.toLowerCase().includes(words.toLowerCase()))
            .slice(0, 200)
            .map((id) => {
              const isIn = chosen.includes(id);
              const key = bare(id);
              const isSpark = id !== key;
              return (
                <div class="column-row" key={key}>
                  <label title={key}>
                    <input type="checkbox" checked={isIn} onChange={() => onChange(flip(chosen, id))} />
                    <span>{key}</span>
                  </label>
                  {isIn && (
                    <>
                      {key.startsWith("summary.") && (
                        <button
                          type="button"
                          class="icon"
                          aria-pressed={isSpark}
                          aria-label={`Draw ${key} as a small chart`}
                          title="as a small chart"
                          onClick={() =>
                            onChange(chosen.map((one) => (one === id ? (isSpark ? key : SPARK + key) : one)))
                          }
                        >
                          ∿
                        </button>
                      )}
                      <button
                        type="button"
                        class="icon"
                        aria-pressed={pinned.includes(key)}
                        aria-label={`Keep ${key} in sight`}
                        title="keep in sight"
                        onClick={() => onPin(flip(pinned, key))}
                      >
                        ⇤
                      </button>
                      <button type="button" class="icon" aria-label={`Move ${key} left`} onClick={() => move(id, -1)}>
                        ←
                      </button>
                      <button type="button" class="icon" aria-label={`Move ${key} right`} onClick={() => move(id, 1)}>
                        →
                      </button>
                    </>
                  )}
                </div>
              );
            })}
        </div>
      )}
    </div>
  );
}

/** Which columns a table shows, and in which order. */

import { useState } from "preact/hooks";

export function ColumnChoice({ all, chosen, onChange }: { all: string[]; chosen: string[]; onChange: (chosen: string[]) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const move = (key: string, by: number) => {
    const next = chosen.filter((one) => one !== key);
    next.splice(Math.max(0, chosen.indexOf(key) + by), 0, key);
    onChange(next);
  };
  const others = all.filter((key) => !chosen.includes(key));
  return (
    <div class="menu push" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Columns
      </button>
      {isOpen && (
        <div class="menu-list wide">
          <input type="search" aria-label="Search columns" placeholder="Search columns" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          {[...chosen, ...others]
            .filter((key) => key.toLowerCase().includes(words.toLowerCase()))
            .slice(0, 200)
            .map((key) => {
              const isIn = chosen.includes(key);
              return (
                <div class="column-row" key={key}>
                  <label>
                    <input type="checkbox" checked={isIn} onChange={() => onChange(isIn ? chosen.filter((one) => one !== key) : [...chosen, key])} />
                    <span>{key}</span>
                  </label>
                  {isIn && (
                    <>
                      <button type="button" class="icon" aria-label={`Move ${key} left`} onClick={() => move(key, -1)}>
                        ←
                      </button>
                      <button type="button" class="icon" aria-label={`Move ${key} right`} onClick={() => move(key, 1)}>
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

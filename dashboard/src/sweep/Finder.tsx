interface Props {
  trials: Trial[];
  typed: string;
  onType: (text: string) => void;
  state: string;
  onState: (state: string) => void;
}

/** Chooses trials by words, comparisons and state; the whole page follows. */
import type { Trial } from "../api/types";
export function Finder({ trials, typed, onType, state, onState }: Props) {
  const counts = Map.groupBy(trials, (trial) => trial.state);
  return (
    <>
      <input
        type="search"
        placeholder="Words, or lr<0.01 objective<0.3"
        aria-label="Search trials"
        value={typed}
        onInput={(event) => onType(event.currentTarget.value)}
      />
      <select aria-label="State of trials" value={state} onChange={(event) => onState(event.currentTarget.value)}>
        <option value="">any state</option>
        {[...counts].map(([one, members]) => (
          <option key={one} value={one}>
            {one} ({members.length})
          </option>
        ))}
      </select>
    </>
  );
}

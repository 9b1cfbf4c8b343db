/** Chooses trials by words, comparisons and state, for the whole page. */

import type { Trial } from "../api/types";
import type { Search } from "./useSweepView";

export function Finder({ trials, search }: { trials: Trial[]; search: Search }) {
  const counts = Map.groupBy(trials, (trial) => trial.state);
  return (
    <>
      <input
        type="search"
        placeholder="Words, or lr<0.01 objective<0.3"
        aria-label="Search trials"
        value={search.typed}
        onInput={(event) => search.setTyped(event.currentTarget.value)}
      />
      <select
        aria-label="State of trials"
        value={search.state}
        onChange={(event) => search.setState(event.currentTarget.value)}
      >
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

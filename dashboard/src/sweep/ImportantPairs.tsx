/** Pairs of parameters that decide something together which neither of them decides alone. */

import type { SweepImportance } from "../api/types";
import { number } from "../base/format";

const MOST_PAIRS = 5;
/** The least number of results that the server compares pairs with. */
const LEAST_RESULTS = 40;

export function ImportantPairs({ found }: { found: SweepImportance }) {
  const pairs = (found.pairs ?? []).slice(0, MOST_PAIRS);
  if (found.shares.length < 2) return null;
  return (
    <>
      <h3>Pairs</h3>
      {pairs.map(({ first, second, share }) => (
        <div key={`${first} ${second}`} class="importance-row">
          <span class="mono">
            {first} × {second}
          </span>
          <span class="soft">together</span>
          <b>{number(share * 100, 3)} %</b>
          <div class="bar" role="img" aria-label={`${number(share * 100, 3)} %`}>
            <i style={{ width: `${Math.max(0.5, share * 100)}%` }} />
          </div>
        </div>
      ))}
      {!pairs.length && (
        <p class="soft">
          {found.trials < LEAST_RESULTS
            ? `Pairs are compared from ${LEAST_RESULTS} results on.`
            : "No pair decides more than its parameters do alone."}
        </p>
      )}
    </>
  );
}

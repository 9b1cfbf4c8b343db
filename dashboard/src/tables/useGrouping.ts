/** What the charts of runs are grouped by, held in the page's address. */

import { useChoiceParam, useListParam } from "../base/router";
import { CENTERS, SPREADS, type Summary } from "../charts/bands";

export interface Grouping extends Summary {
  /** The columns by whose values runs are grouped; empty: they are not. */
  keys: string[];
  setKeys: (keys: string[]) => void;
  setCenter: (center: Summary["center"]) => void;
  setSpread: (spread: Summary["spread"]) => void;
}

export function useGrouping(): Grouping {
  const [keys, setKeys] = useListParam("by", "|");
  const [center, setCenter] = useChoiceParam<Summary["center"]>("center", CENTERS);
  const [spread, setSpread] = useChoiceParam<Summary["spread"]>("spread", SPREADS);
  return { keys, setKeys, center, setCenter, spread, setSpread };
}

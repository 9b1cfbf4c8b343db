/** What people have changed about the axes of parallel coordinates, held in the address. */

import { useMemo } from "preact/hooks";
import { toggled, useListParam } from "../base/router";
import { type AxisChoices, axisOrder, movedAxis } from "./parallelAxes";
import type { Parameter } from "./score";

const BETWEEN = ",";

export interface AxisControls {
  value: AxisChoices;
  flip: (id: string) => void;
  rescale: (id: string) => void;
  hide: (id: string) => void;
  show: (id: string) => void;
  /** Moves an axis by this many places among those that are shown. */
  move: (id: string, by: number) => void;
}

export function useAxisChoices(parameters: Parameter[]): AxisControls {
  const [order, setOrder] = useListParam("axes", BETWEEN);
  const [hidden, setHidden] = useListParam("hidden", BETWEEN);
  const [flipped, setFlipped] = useListParam("flip", BETWEEN);
  const [rescaled, setRescaled] = useListParam("scale", BETWEEN);
  const text = JSON.stringify({ order, hidden, flipped, rescaled });
  const value = useMemo(() => JSON.parse(text) as AxisChoices, [text]);
  return {
    value,
    flip: (id) => setFlipped(toggled(flipped, id)),
    rescale: (id) => setRescaled(toggled(rescaled, id)),
    hide: (id) => setHidden([...hidden, id]),
    show: (id) => setHidden(hidden.filter((one) => one !== id)),
    move: (id, by) => {
      const all = axisOrder(parameters, order);
      const shown = all.filter((one) => !hidden.includes(one));
      const next = movedAxis(shown, id, shown.indexOf(id) + by);
      setOrder([...next, ...all.filter((one) => hidden.includes(one))]);
    },
  };
}

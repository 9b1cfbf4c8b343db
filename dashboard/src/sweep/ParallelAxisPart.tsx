/** One axis of parallel coordinates: its name and menu, its ticks, and the parts of it that are chosen. */

import { useRef, useState } from "preact/hooks";
import { Menu } from "../base/Menu";
import { endOfName } from "../base/names";
import { followPointer, swallowClick } from "../base/pointer";
import { fittingTicks } from "../charts/placing";
import type { Interval, ParallelAxis } from "./parallelAxes";
import { axisX, axisY, type Frame } from "./parallelLines";
import type { AxisControls } from "./useAxisChoices";

interface Props {
  axis: ParallelAxis;
  at: number;
  count: number;
  frame: Frame;
  choices: AxisControls;
  intervals: Interval[];
  onBrush: (intervals: Interval[]) => void;
}

/** Names and values that are longer lose their beginning. */
const MOST_CHARACTERS = 12;
/** A shorter drag is a click. */
const LEAST_PX = 4;

export function ParallelAxisPart({ axis, at, count, frame, choices, intervals, onBrush }: Props) {
  const [dx, setDx] = useState(0);
  const height = frame.height - frame.top - frame.bottom;
  const gap = (frame.width - 2 * frame.side) / Math.max(count - 1, 1);
  function drag(event: PointerEvent): void {
    if ((event.target as Element).closest("button")) return;
    followPointer(event, {
      move: (_, moved) => setDx(moved),
      end: (last) => {
        setDx(0);
        const by = last ? Math.round((last.clientX - event.clientX) / gap) : 0;
        if (by) choices.move(axis.id, by);
        if (last && Math.abs(last.clientX - event.clientX) > LEAST_PX) swallowClick();
      },
    });
  }
  const menu = {
    "Flip axis": () => choices.flip(axis.id),
    ...(axis.canRescale ? { [axis.isLog ? "Linear" : "Logarithmic"]: () => choices.rescale(axis.id) } : {}),
    "Hide axis": () => choices.hide(axis.id),
    "Move left": () => choices.move(axis.id, -1),
    "Move right": () => choices.move(axis.id, 1),
  };
  return (
    <div class="parallel-axis" style={{ left: `${axisX(frame, at, count) + dx}px` }}>
      <div class="parallel-title" title={`${axis.id}: drag to move`} onPointerDown={drag}>
        <span>{endOfName(axis.title, MOST_CHARACTERS)}</span>
        <Menu label={`Axis ${axis.title}`} choices={menu} />
      </div>
      <div class="parallel-ticks" aria-hidden="true">
        {fittingTicks(axis.ticks, height).map(({ text, place }) => (
          <span key={text} title={text} style={{ top: `${axisY(frame, axis, place)}px` }}>
            {endOfName(text, MOST_CHARACTERS)}
          </span>
        ))}
      </div>
      <Brush {...{ axis, frame, height, intervals, onBrush }} />
    </div>
  );
}

type BrushProps = Pick<Props, "axis" | "frame" | "intervals" | "onBrush"> & { height: number };

/** The axis itself. A drag chooses a part of it, with Shift one more part; a click chooses all of it again. */
function Brush({ axis, frame, height, intervals, onBrush }: BrushProps) {
  const strip = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState<Interval | null>(null);
  const placeAt = (y: number) => {
    const part = (y - (strip.current?.getBoundingClientRect().top ?? 0)) / height;
    return Math.min(1, Math.max(0, axis.isFlipped ? part : 1 - part));
  };
  function press(event: PointerEvent): void {
    event.preventDefault();
    const from = placeAt(event.clientY);
    const partTo = (y: number): Interval => [Math.min(from, placeAt(y)), Math.max(from, placeAt(y))];
    followPointer(event, {
      move: (moved) => setMade(partTo(moved.clientY)),
      end: (last) => {
        setMade(null);
        if (!last) return;
        const isDrag = Math.abs(last.clientY - event.clientY) >= LEAST_PX;
        onBrush(isDrag ? [...(event.shiftKey ? intervals : []), partTo(last.clientY)] : []);
        swallowClick();
      },
    });
  }
  return (
    <div
      class="parallel-brush"
      ref={strip}
      title="Drag to choose trials; with Shift, more of them; click to choose all"
      style={{ top: `${frame.top}px`, height: `${height}px` }}
      onPointerDown={press}
    >
      {[...intervals, ...(made ? [made] : [])].map(([low, high]) => {
        const [top, bottom] = axis.isFlipped ? [low, high] : [1 - high, 1 - low];
        return <i key={`${low} ${high}`} style={{ top: `${100 * top}%`, height: `${100 * (bottom - top)}%` }} />;
      })}
    </div>
  );
}

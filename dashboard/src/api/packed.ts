/** Reads the lines of charts from bytes. The server's `packing.py` describes the format. */

import type { HeldLine } from "./types";

/** A series as columns, with one entry for each bucket, by x. */
export interface Columns {
  owner: string;
  key: string;
  /** The points that are stored in all; 0 if there is no such series. */
  count: number;
  /** The highest place of its points on the x axis. */
  reach: number | null;
  /** Changes as soon as other rows of the series are abandoned. */
  branch: number;
  x: number[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  mean: (number | null)[];
  /** The indices of buckets that contain values which are not finite. */
  broken: number[];
}

/** A line as it was sent; `isTail`: it contains only what follows the points that the page has already. */
export interface SentLine {
  columns: Columns;
  isTail: boolean;
}

interface LineHead {
  count: number;
  reach: number | null;
  branch: number;
  tail: boolean;
  size: number;
  /** The x values are evenly spaced: only the first one and their distance are sent. */
  even: boolean;
  /** Minimum and maximum are sent besides the mean. */
  bounds: boolean;
  broken: number[];
}

interface Head {
  /** Values have 8 bytes instead of 4. */
  wide: boolean;
  lines: LineHead[];
}

/** The bytes of a frame's two lengths: those of its head and of its values. */
const LENGTHS = 8;

/** Yields the frames of an answer, each as soon as it is complete. */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let here: Uint8Array = new Uint8Array();
  for (;;) {
    const size = frameSize(here);
    if (here.length >= size) {
      yield here.subarray(0, size);
      here = here.subarray(size);
      continue;
    }
    const { done, value } = await reader.read();
    if (done) return;
    here = joined(here, value);
  }
}

/** Returns the size of the frame that starts here; until that is known, the size of the lengths that give it. */
function frameSize(start: Uint8Array): number {
  if (start.length < LENGTHS) return LENGTHS;
  const lengths = new DataView(start.buffer, start.byteOffset);
  return LENGTHS + lengths.getUint32(0, true) + lengths.getUint32(4, true);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Returns the lines of a frame. They are the first ones of `wanted`. */
export function unpacked(frame: Uint8Array, wanted: HeldLine[]): SentLine[] {
  const start = LENGTHS + new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(frame.subarray(LENGTHS, start))) as Head;
  const numbers = new Numbers(frame, start, head.wide);
  return head.lines.map((line, index) => {
    const { owner = "", key = "" } = wanted[index] ?? {};
    return { columns: { owner, key, ...columnsOf(line, numbers) }, isTail: line.tail };
  });
}

function columnsOf(line: LineHead, numbers: Numbers): Omit<Columns, "owner" | "key"> {
  const { count, reach, branch, broken, size } = line;
  const x = line.even ? spaced(numbers.take(2, true), size) : numbers.take(size, true);
  const mean = numbers.values(size);
  const [minimum, maximum] = line.bounds ? [numbers.values(size), numbers.values(size)] : [mean, mean];
  return { count, reach, branch, broken, x, mean, minimum, maximum };
}

function spaced([first = 0, distance = 0]: number[], size: number): number[] {
  return Array.from({ length: size }, (_, at) => first + distance * at);
}

/** Reads the numbers of a frame one after the other. */
class Numbers {
  constructor(
    private readonly frame: Uint8Array,
    private at: number,
    private readonly isWide: boolean,
  ) {}

  take(count: number, isWide = this.isWide): number[] {
    const part = this.frame.slice(this.at, this.at + count * (isWide ? 8 : 4)).buffer;
    this.at += part.byteLength;
    return Array.from(isWide ? new Float64Array(part) : new Float32Array(part));
  }

  /** Reads values, with null for those that are not finite. */
  values(count: number): (number | null)[] {
    const found = this.take(count);
    return found.every(Number.isFinite) ? found : found.map((value) => (Number.isFinite(value) ? value : null));
  }
}

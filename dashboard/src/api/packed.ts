/** Reads the lines of charts from bytes, in the form that the server's `packing.py` describes. */

import type { HeldLine } from "./types";

/** A series as columns, one entry a bucket, by x; `count` 0 where there is none. */
export interface Columns {
  owner: string;
  key: string;
  count: number;
  /** The highest place of its points on the x axis. */
  reach: number | null;
  /** Another one as soon as other rows of it are abandoned. */
  branch: number;
  x: number[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  mean: (number | null)[];
  /** Which buckets hold values that are not finite. */
  broken: number[];
}

/** A line as it was sent; `isTail`: only what lies behind the points that are here already. */
export interface SentLine {
  columns: Columns;
  isTail: boolean;
}

interface Head {
  wide: boolean;
  lines: {
    count: number;
    reach: number | null;
    branch: number;
    tail: boolean;
    size: number;
    even: boolean;
    bounds: boolean;
    broken: number[];
  }[];
}

const LENGTHS = 8;

/** Yields the frames of an answer, each as soon as it is here. */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let here = new Uint8Array();
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

function frameSize(start: Uint8Array): number {
  if (start.length < LENGTHS) return LENGTHS;
  const lengths = new DataView(start.buffer, start.byteOffset);
  return LENGTHS + lengths.getUint32(0, true) + lengths.getUint32(4, true);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Returns the lines of a frame, which are the first ones of `wanted`. */
export function unpacked(frame: Uint8Array, wanted: HeldLine[]): SentLine[] {
  let at = LENGTHS + new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(frame.subarray(LENGTHS, at))) as Head;
  const take = (count: number, isWide: boolean): number[] => {
    const part = frame.slice(at, at + count * (isWide ? 8 : 4)).buffer;
    at += part.byteLength;
    return Array.from(isWide ? new Float64Array(part) : new Float32Array(part));
  };
  const values = (count: number): (number | null)[] => {
    const found = take(count, head.wide);
    return found.some((value) => !Number.isFinite(value))
      ? found.map((value) => (Number.isFinite(value) ? value : null))
      : found;
  };
  return head.lines.map((line, index) => {
    const given = take(line.even ? 2 : line.size, true);
    const x = line.even ? Array.from({ length: line.size }, (_, place) => given[0]! + given[1]! * place) : given;
    const mean = values(line.size);
    const [minimum, maximum] = line.bounds ? [values(line.size), values(line.size)] : [mean, mean];
    const { owner, key } = wanted[index]!;
    const { count, reach, branch, broken, tail: isTail } = line;
    return { columns: { owner, key, count, reach, branch, broken, x, mean, minimum, maximum }, isTail };
  });
}

import { describe, expect, it } from "vitest";
import { frames, unpacked } from "./packed";

interface Packed {
  head: object;
  /** The numbers behind the head, each list with the size of its numbers in bytes. */
  parts: [bytes: 4 | 8, numbers: number[]][];
}

/** Packs a frame as the server's `packing.py` does. */
function packed({ head, parts }: Packed): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const arrays = parts.map(([size, numbers]) => (size === 8 ? new Float64Array(numbers) : new Float32Array(numbers)));
  const body = arrays.flatMap((array) => [...new Uint8Array(array.buffer)]);
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, text.length, true);
  lengths.setUint32(4, body.length, true);
  return new Uint8Array([...new Uint8Array(lengths.buffer), ...text, ...body]);
}

const line = (more: object) => ({
  ...{ count: 3, reach: 4, branch: 7, tail: false, size: 3, even: false, bounds: false, broken: [] },
  ...more,
});
const WANTED = [
  { owner: "run-1", key: "loss" },
  { owner: "run-2", key: "loss" },
];

describe("unpacked", () => {
  it("reads evenly spaced x values from their first one and their distance", () => {
    const frame = packed({
      head: { wide: true, lines: [line({ even: true })] },
      parts: [
        [8, [10, 0.5]],
        [8, [1, 2, 3]],
      ],
    });
    const [found] = unpacked(frame, WANTED);
    expect(found?.columns).toMatchObject({ owner: "run-1", key: "loss", x: [10, 10.5, 11], mean: [1, 2, 3] });
    expect(found?.columns.minimum).toBe(found?.columns.mean);
    expect(found?.isTail).toBe(false);
  });

  it("reads several lines, bounds, and null for what is not finite", () => {
    const frame = packed({
      head: {
        wide: false,
        lines: [line({ bounds: true, tail: true, broken: [1] }), line({ size: 0, count: 0, reach: null })],
      },
      parts: [
        [8, [1, 2, 4]],
        [4, [1, Number.NaN, 3]],
        [4, [0, Number.NaN, -1]],
        [4, [5, Number.POSITIVE_INFINITY, 3]],
      ],
    });
    const [first, second] = unpacked(frame, WANTED);
    expect(first).toMatchObject({
      isTail: true,
      columns: { x: [1, 2, 4], mean: [1, null, 3], minimum: [0, null, -1], maximum: [5, null, 3], broken: [1] },
    });
    expect(second?.columns).toMatchObject({ owner: "run-2", count: 0, reach: null, x: [], mean: [] });
  });
});

describe("frames", () => {
  async function read(chunks: Uint8Array[]): Promise<number[]> {
    const sizes = [];
    for await (const frame of frames(new Blob(chunks as BlobPart[]).stream())) sizes.push(frame.length);
    return sizes;
  }

  it("yields complete frames, wherever the stream is cut", async () => {
    const frame = packed({ head: { wide: true, lines: [] }, parts: [[8, [1, 2]]] });
    const stream = new Uint8Array([...frame, ...frame]);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of stream) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const sizes = [];
    for await (const one of frames(body)) sizes.push(one.length);
    expect(sizes).toEqual([frame.length, frame.length]);
  });

  it("yields nothing of an empty stream or of a frame that is cut off", async () => {
    expect(await read([])).toEqual([]);
    expect(await read([packed({ head: {}, parts: [[8, [1]]] }).slice(0, -1)])).toEqual([]);
  });
});

/** Computes a surface over two parameters: the means of nearby trials. Pure functions. */

export interface Dot {
  x: number;
  y: number;
  value: number;
}

export interface Cell {
  column: number;
  row: number;
  value: number;
  /** How near the nearest trial is: 1 at its place, towards 0 far from it. */
  trust: number;
}

/** The values are drawn in this many shades: few shades read as contour lines, a smooth slope does not. */
const BANDS = 12;
/** The weight of a trial everywhere, so that the mean of all is shown where none is near. */
const LEAST_WEIGHT = 1e-12;

/** Returns how far a trial reaches, as a part of the axes: the fewer there are, the further. */
function reachOf(count: number): number {
  return Math.min(0.3, Math.max(0.07, 0.6 / Math.sqrt(count)));
}

/** Returns the Gaussian kernel around `place`, at the centres of the cells from `first` to before `end` of `count`. */
function kernel(place: number, count: number, reach: number, [first, end] = [0, count]): Float64Array {
  const found = new Float64Array(end - first);
  for (let at = first; at < end; at++) found[at - first] = Math.exp(-(((place - (at + 0.5) / count) / reach) ** 2));
  return found;
}

/**
 * Returns for each cell the mean of all values, each weighted by how near it is.
 *
 * This is the Nadaraya-Watson estimator with a Gaussian kernel. The kernel over both axes is the product of the
 * kernels over each. `part`: the first row to compute, and the one after the last.
 */
export function field(dots: Dot[], columns: number, rows: number, part: [number, number] = [0, rows]): Cell[] {
  if (!dots.length) return [];
  const reach = reachOf(dots.length);
  const [firstRow, endRow] = part;
  const size = columns * (endRow - firstRow);
  const sums = new Float64Array(size);
  const weights = new Float64Array(size);
  const nearest = new Float64Array(size);
  for (const { x, y, value } of dots) {
    const across = kernel(x, columns, reach);
    for (const [row, up] of kernel(y, rows, reach, part).entries()) {
      for (let column = 0; column < columns; column++) {
        const cell = row * columns + column;
        const weight = (across[column] ?? 0) * up + LEAST_WEIGHT;
        sums[cell] = (sums[cell] ?? 0) + weight * value;
        weights[cell] = (weights[cell] ?? 0) + weight;
        nearest[cell] = Math.max(nearest[cell] ?? 0, weight);
      }
    }
  }
  return Array.from(sums, (sum, cell) => ({
    column: cell % columns,
    row: firstRow + Math.floor(cell / columns),
    value: Math.round((sum / (weights[cell] ?? 1)) * BANDS) / BANDS,
    trust: nearest[cell] ?? 0,
  }));
}

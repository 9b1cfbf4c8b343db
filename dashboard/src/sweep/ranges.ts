/** Numbers in a short form. Pure functions. */

/** Returns numbers as text: 1, 2, 3 and 7 are `1-3,7`. */
export function rangesText(numbers: number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const before = parts.at(-1);
    if (before && before[1] === number - 1) before[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

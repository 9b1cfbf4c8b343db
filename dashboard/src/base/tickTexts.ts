/** The texts of an axis's ticks: as many digits as tell neighbours apart, with SI prefixes. Pure functions. */

const PREFIXES: [size: number, prefix: string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];
/** Numbers from here on have a prefix. */
const LEAST_PREFIXED = 1e4;
/** A prefix that needs more decimals than this gives way to a smaller one. */
const MOST_PREFIXED_DECIMALS = 4;
/** Ticks that are all smaller than this are written with an exponent, and so are those beyond the prefixes. */
const LEAST_PLAIN = 1e-3;
const MOST_PLAIN = 1e15;
const MOST_DECIMALS = 12;

/** Returns the texts of ticks. Each has the digits that its distance to the next one needs. */
export function tickTexts(values: number[]): string[] {
  const largest = Math.max(0, ...values.map(Math.abs));
  if (largest >= MOST_PLAIN || (largest > 0 && largest < LEAST_PLAIN)) {
    return values.map((value, at) => exponentText(value, distance(values, at)));
  }
  return values.map((value, at) => {
    const step = distance(values, at);
    const [size, prefix] = prefixOf(largest, step);
    return value === 0 ? "0" : (value / size).toFixed(decimalsOf(step / size)) + prefix;
  });
}

/** Returns the texts that `format` makes, unless two ticks would look the same. */
export function distinctTexts(values: number[], format: (value: number) => string): string[] {
  const texts = values.map(format);
  return new Set(texts).size === values.length ? texts : tickTexts(values);
}

/** Returns the distance of a tick to its nearest neighbour; its own size if it has none. */
function distance(values: number[], at: number): number {
  const own = values[at] ?? 0;
  const gaps = [values[at - 1], values[at + 1]].flatMap((other) => (other === undefined ? [] : Math.abs(other - own)));
  return Math.min(...gaps.filter((gap) => gap > 0), Math.abs(own) || 1);
}

function prefixOf(largest: number, step: number): [size: number, prefix: string] {
  if (largest < LEAST_PREFIXED) return [1, ""];
  const fits = ([size]: [number, string]) => largest >= size && decimalsOf(step / size) <= MOST_PREFIXED_DECIMALS;
  return PREFIXES.find(fits) ?? [1, ""];
}

/** Returns how many decimals a multiple of `step` needs. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals++) {
    const scaled = step * 10 ** decimals;
    if (scaled >= 0.999 && Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return MOST_DECIMALS;
}

function exponentText(value: number, step: number): string {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  return value.toExponential(Math.min(MOST_DECIMALS, decimalsOf(step / 10 ** exponent))).replace("e+", "e");
}

/** Formats values for people. Pure functions. */

/** Returns a number with at most `digits` significant digits. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value
      .toExponential(Math.max(0, digits - 2))
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  }
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value
    .toFixed(Math.min(places, 8))
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/** Returns any logged or configured value in one line. */
export function value(given: unknown, digits = 4): string {
  if (typeof given === "number") return number(given, digits);
  if (typeof given === "string") return given === "nan" ? "NaN" : given;
  if (given === null || given === undefined) return "–";
  return typeof given === "boolean" ? String(given) : JSON.stringify(given);
}

/** Returns a configured value as it is, in one line. */
export function exact(given: unknown): string {
  if (typeof given === "number" && Number.isFinite(given)) return String(given);
  return typeof given === "string" ? given : value(given);
}

export function bytes(size: number, digits = 3): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0;
  let left = size;
  for (; left >= 1000 && at < units.length - 1; at++) left /= 1000;
  return `${number(left, digits)} ${units[at]}`;
}

export function duration(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${number(seconds, seconds < 10 ? 2 : 3)} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) {
    const whole = Math.floor(Math.max(seconds, 60) / 60);
    return parts([whole, "m"], [Math.max(0, Math.floor(seconds - whole * 60)), "s"]);
  }
  if (minutes < 48 * 60) return parts([Math.floor(minutes / 60), "h"], [minutes % 60, "m"]);
  return parts([Math.floor(minutes / 1440), "d"], [Math.floor((minutes % 1440) / 60), "h"]);
}

/** Returns two counts with their units. The second one is left out if it is 0. */
function parts([whole, unit]: [number, string], [rest, smaller]: [number, string]): string {
  return rest ? `${whole} ${unit} ${rest} ${smaller}` : `${whole} ${unit}`;
}

/** Returns how to format the values of a metric if its name ends with a unit, else undefined. */
export function unitOf(key: string): ((given: number) => string) | undefined {
  return /(^|[_./])bytes$/.test(key) ? (given) => bytes(given, 4) : undefined;
}

/** Returns a metric's value in one line, in the unit of its name. */
export function measured(key: string, given: unknown, digits = 4): string {
  const unit = unitOf(key);
  return unit && typeof given === "number" && Number.isFinite(given) ? unit(given) : value(given, digits);
}

export function ago(time: number, now: number): string {
  const seconds = now - time;
  return seconds < 5 ? "now" : `${duration(seconds).split(" ").slice(0, 2).join(" ")} ago`;
}

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
const CLOCK = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", ...TIME });
const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, TIME);

export function clock(time: number): string {
  return CLOCK.format(time * 1000);
}

export function timeOfDay(time: number): string {
  return TIME_OF_DAY.format(time * 1000);
}

/** Returns nested values as one level: `{a: {b: 1}}` becomes `{"a.b": 1}`. */
export function flat(given: Record<string, unknown>, before = ""): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(given)) {
    if (inner !== null && typeof inner === "object" && !Array.isArray(inner) && Object.keys(inner).length) {
      Object.assign(found, flat(inner as Record<string, unknown>, `${before}${name}.`));
    } else found[before + name] = inner;
  }
  return found;
}

const MINUTES = [1, 2, 5, 10, 15, 30];
const HOURS = [1, 2, 3, 6, 12, 24, 48, 168];
/** Durations that people count in, in seconds. */
export const ROUND_SECONDS = [
  1,
  2,
  5,
  10,
  15,
  30,
  ...MINUTES.map((count) => count * 60),
  ...HOURS.map((count) => count * 3600),
];

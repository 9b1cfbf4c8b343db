/** The theme, light or dark, and the colours of charts. */

import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";
const STORAGE_KEY = "lightning-sweeps.theme";
const listeners = new Set<(theme: Theme) => void>();
const preference = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(STORAGE_KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null; // storage can be denied: the system's preference counts then
  }
}

let current: Theme = stored() ?? (preference.matches ? "dark" : "light");

function apply(theme: Theme): void {
  current = theme;
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener(theme);
}

export function startTheme(): void {
  apply(current);
  preference.addEventListener("change", () => stored() === null && apply(preference.matches ? "dark" : "light"));
}

export function toggleTheme(): void {
  const next = current === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(STORAGE_KEY, next);
  } catch {
    // see above
  }
  apply(next);
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(current);
  useEffect(() => {
    listeners.add(setTheme);
    setTheme(current);
    return () => void listeners.delete(setTheme);
  }, []);
  return theme;
}

/** The colours of lines. People with any colour vision can tell them apart, which a test measures. */
const LINES: Record<Theme, [string, ...string[]]> = {
  light: ["#2563c9", "#d0591f", "#16875a", "#a8389c", "#642309", "#3d257c", "#a664fe", "#f13f8a", "#449ac0", "#9f003e"],
  dark: ["#6ea3ff", "#ff9a5c", "#4fcf97", "#e287d8", "#558113", "#e6e73c", "#9754ed", "#de297b", "#b6e6ff", "#238ea9"],
};

const SCALE: Record<Theme, [Rgb, ...Rgb[]]> = {
  light: [
    [8, 92, 94],
    [30, 118, 112],
    [92, 134, 110],
    [148, 132, 78],
    [184, 128, 58],
  ],
  dark: [
    [111, 232, 216],
    [84, 190, 180],
    [88, 152, 146],
    [122, 124, 110],
    [150, 118, 84],
  ],
};

/** Returns the colour of the `index`-th line. */
export function lineColor(index: number, theme: Theme): string {
  const colors = LINES[theme];
  return colors[index % colors.length] ?? colors[0];
}

/** The dashes of the second ten lines, of the third and of the fourth ten, which have the same colours again. */
const DASHES = [
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
];

/** How many colours and kinds of dashes there are. */
export const LINE_LOOKS = { colors: LINES.light.length, dashes: DASHES.length + 1 };

/** Returns the dashes of a kind; undefined for kind 0, which has none. */
export function dashOf(kind: number): number[] | undefined {
  return kind ? DASHES[(kind - 1) % DASHES.length] : undefined;
}

/** Returns the dashes of the `index`-th line; undefined if it has none. */
export function lineDash(index: number): number[] | undefined {
  const round = Math.floor(index / LINES.light.length);
  return round ? DASHES[(round - 1) % DASHES.length] : undefined;
}

/** Returns the colour of a place from best (0) to worst (1). */
export function scaleColor(place: number, theme: Theme, alpha = 1): string {
  const stops = SCALE[theme];
  const at = Math.min(Math.max(place, 0), 1) * (stops.length - 1);
  const low = stops[Math.floor(at)] ?? stops[0];
  const high = stops[Math.ceil(at)] ?? stops[0];
  return mixed(low, high, at - Math.floor(at), alpha);
}

/** Returns a colour with another opacity. `color`: `#rrggbb` or `rgba(...)`. */
export function faded(color: string, alpha: number): string {
  if (color.startsWith("#"))
    return (
      color +
      Math.round(alpha * 255)
        .toString(16)
        .padStart(2, "0")
    );
  return color.replace(/[\d.]+\)$/, `${alpha})`);
}

/** Returns the value of a colour token. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

type Rgb = readonly [number, number, number];

/** Returns the colour between two others: `part` from 0 (the first) to 1 (the second). */
export function mixed(low: Rgb, high: Rgb, part: number, alpha = 1): string {
  const mix = (from: number, to: number) => Math.round(from + (to - from) * part);
  return `rgba(${mix(low[0], high[0])},${mix(low[1], high[1])},${mix(low[2], high[2])},${alpha})`;
}

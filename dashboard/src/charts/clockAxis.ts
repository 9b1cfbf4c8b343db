/** Ticks of the wall clock, in this browser's time zone. Pure functions. */

const DAY_S = 86_400;
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DATE = { day: "numeric", month: "short" } as const;

/** Returns places from `low` to `high` that are `step` seconds apart, and round in this time zone. */
export function clockTicks(low: number, high: number, step: number): number[] {
  const offset = -new Date(low * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((low + offset) / step) * step - offset;
  return Array.from({ length: Math.max(0, Math.floor((high - first) / step) + 1) }, (_, at) => first + at * step);
}

/** Returns the texts of ticks: times of the day, and the date at midnight. */
export function clockTexts(ticks: number[]): string[] {
  const [first = 0, second = first + DAY_S] = ticks;
  const seconds = second - first < 60 ? ({ second: "2-digit" } as const) : {};
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const isMidnight = !time.getHours() && !time.getMinutes() && !time.getSeconds();
    if (isMidnight) return time.toLocaleDateString([], DATE);
    const text = time.toLocaleTimeString([], { ...TIME, ...seconds });
    return second - first < DAY_S ? text : `${time.toLocaleDateString([], DATE)} ${text}`;
  });
}

/** Returns the title of the axis: its dates, and the time zone. */
export function clockTitle(low: number, high: number): string {
  const dates = [low, high].map((time) => new Date(time * 1000).toLocaleDateString([], { ...DATE, year: "numeric" }));
  return `wall clock, ${[...new Set(dates)].join(" – ")} (${zoneName()})`;
}

/** Returns a moment with its date. */
export function momentText(time: number): string {
  const options = { ...DATE, year: "numeric", ...TIME, second: "2-digit" } as const;
  return new Date(time * 1000).toLocaleString([], options);
}

function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

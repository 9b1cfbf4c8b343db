/** Values that people type. */

/** Returns a typed value: JSON where it is JSON, else a number or text. */
export function typedValue(typed: string): unknown {
  const text = typed.trim();
  try {
    return JSON.parse(text);
  } catch {
    return Number.isNaN(Number(text)) ? text : Number(text); // `1e-3` is JSON, `.5` is not
  }
}

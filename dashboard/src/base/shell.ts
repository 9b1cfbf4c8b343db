/** Words of a command line. Pure functions. */

/** Returns a word as a POSIX shell reads it. */
export function quotedForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

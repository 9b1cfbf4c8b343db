/** Who sent a run. Pure functions. */

/**
 * Returns the name of the API key that sent a run, else the user that started its process.
 *
 * The key of a user's own machine is named `user@host`: its user is enough.
 */
export function whoOf(key: string, user: string): string {
  return !key || (user && key.startsWith(`${user}@`)) ? user : key;
}

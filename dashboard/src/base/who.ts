/** Who sent a run. Pure functions. */

/**
 * Returns the name of the API key that sent a run, else the user that started its process.
 *
 * The key of a user's own machine is named `user@host`, or `user@host:home`: its user is enough, else `user@host`.
 */
export function whoOf(key: string, user: string): string {
  if (!key || (user && key.startsWith(`${user}@`))) return user;
  return key.replace(/^([^@\s]+@[^@:/\s]+):\/.*$/, "$1");
}

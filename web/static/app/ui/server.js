/** Where the server is that sent this page: its address with the path that it is below, if any. */
export const base = new URL('../..', import.meta.url).href

/**
 * The address of something of the server's.
 *
 * @param {string} path  such as `api/info`; one that begins with a slash stays what it is
 */
export function at(path) {
  return new URL(path, base).href
}

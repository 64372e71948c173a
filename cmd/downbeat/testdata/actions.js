export function flash() {}

/** @param {string} name */
export function mark(name) {
  performance.mark(name)
}

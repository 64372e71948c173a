export function flash() {}

/** @param {string} name */
export function mark(name) {
  performance.mark(name)
}

/** Makes it look as if performance.now() had stood still for a minute while the wall clock went on. */
export function sleep() {
  const real = Date.now
  Date.now = () => real() + 60_000
}

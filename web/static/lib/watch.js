/** How often the clocks are compared, ms. */
const EVERY = 1000
/** The wall clock running ahead by more than this means that the other stood, ms. */
const STOOD = 500

/**
 * Tells when performance.now() stood still, as it does in some browsers while
 * the machine sleeps: the wall clock went on meanwhile. A wall clock that is
 * set forward looks the same and costs a needless resync.
 */
export class SleepWatch {
  #wall
  #steady

  /**
   * @param {number} wall    Date.now()
   * @param {number} steady  performance.now()
   */
  constructor(wall, steady) {
    this.#wall = wall
    this.#steady = steady
  }

  /**
   * True when the clock stood since the last call.
   *
   * @param {number} wall
   * @param {number} steady
   */
  stood(wall, steady) {
    const ahead = wall - this.#wall - (steady - this.#steady)
    this.#wall = wall
    this.#steady = steady
    return ahead > STOOD
  }
}

/**
 * Calls `fn` whenever the clock has stood still; returns how to end it.
 *
 * @param {() => void} fn
 */
export function watchSleep(fn) {
  const watch = new SleepWatch(Date.now(), performance.now())
  const timer = setInterval(() => {
    if (watch.stood(Date.now(), performance.now())) fn()
  }, EVERY)
  return () => clearInterval(timer)
}

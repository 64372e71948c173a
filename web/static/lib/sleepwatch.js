/** How often the clocks are compared, ms. */
const EVERY = 1000
/** The wall clock running ahead by more than this means that the other stood, ms. */
const STOOD = 500
/** Looking again later than this means that nothing ran meanwhile, ms. */
const PAUSED = 4000

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
 * Watches over sleep: `stood` is called when the clock stood still, `woke` whenever
 * nothing ran for a while, whatever the clock did. Returns how to end it.
 *
 * @param {() => void} stood
 * @param {() => void} woke
 */
export function watchSleep(stood, woke) {
  const watch = new SleepWatch(Date.now(), performance.now())
  let looked = Date.now()
  const timer = setInterval(() => {
    const paused = Date.now() - looked
    looked = Date.now()
    if (watch.stood(looked, performance.now())) stood()
    if (paused > PAUSED) woke()
  }, EVERY)
  return () => clearInterval(timer)
}

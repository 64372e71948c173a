/**
 * One thing at a time that takes a while: a seek, a start. What begins breaks
 * off what was under way.
 */
export class Operation {
  /** @type {AbortController | null} */ #own = null
  #after
  #since = 0

  /** @param {() => void} after  called when one has ended by itself */
  constructor(after) {
    this.#after = after
  }

  get underWay() {
    return this.#own !== null
  }

  /** For how long it has been under way, ms. */
  get age() {
    return performance.now() - this.#since
  }

  /** @param {(signal: AbortSignal) => Promise<unknown>} fn */
  run(fn) {
    this.breakOff()
    this.#since = performance.now()
    const own = (this.#own = new AbortController())
    fn(own.signal).catch(error => own.signal.aborted || reportError(error)).finally(() => {
      if (this.#own !== own) return
      this.#own = null
      this.#after()
    })
  }

  breakOff() {
    this.#own?.abort()
    this.#own = null
  }
}

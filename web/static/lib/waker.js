/** @import { ToEngine } from './engine.js' */

/**
 * Timers of a page that come on time in the background too. Browsers let a
 * hidden page's timers wait up to a second, or a minute; its worker's they
 * don't, nor the messages of a worker. So both are set, and the first counts.
 */
export class Waker {
  #post
  /** @type {Map<number, () => void>} */ #waiting = new Map()
  #lastId = 0

  /** @param {(message: ToEngine) => void} post  to the worker */
  constructor(post) {
    this.#post = post
  }

  /**
   * Calls `fn` after `ms`; returns a function that calls it off.
   *
   * @param {number} ms
   * @param {() => void} fn
   * @returns {() => void}
   */
  after(ms, fn) {
    const id = ++this.#lastId
    const timer = setTimeout(() => this.woken(id), ms)
    const off = () => {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
    this.#waiting.set(id, () => {
      off()
      fn()
    })
    if (ms > 0) this.#post({ type: 'wake', id, ms })
    return off
  }

  /** @param {number} id  whose time has come, by whichever timer */
  woken(id) {
    this.#waiting.get(id)?.()
  }
}

import { at } from './at.js'
import { AudioClocks } from './audio.js'
import { Follower } from './clockmap.js'
import { Waker } from './waker.js'

/** @import { Instant } from './at.js' */
/** @import { Host } from './host.js' */

/** Session time on the page, as the engine's clock tells it. */
export class PageTime {
  #host
  #waker
  #audio = new AudioClocks()
  /** @type {Set<() => void>} */ #timers = new Set()
  clock = new Follower()

  /** @param {Host} host */
  constructor(host) {
    this.#host = host
    this.#waker = new Waker(m => host.post(m))
  }

  /** Takes over how the engine's clock is related to the page's. */
  related() {
    this.clock.shift = this.#host.relation.shift
    this.clock.shiftError = this.#host.relation.error
    if (this.#host.inWorker) this.clock.after = (ms, fn) => this.#waker.after(ms, fn)
  }

  /** @param {number} id */
  woken(id) {
    this.#waker.woken(id)
  }

  now() {
    return this.clock.toSession(performance.now())
  }

  get bound() {
    return this.clock.bound(performance.now())
  }

  /**
   * @param {AudioContext} ctx
   * @param {number} t
   * @param {number} trim  ms by which to start earlier
   */
  toAudio(ctx, t, trim) {
    return this.#audio.of(ctx).toAudio(this.clock.toDevice(t) - trim)
  }

  /**
   * @param {number} t
   * @param {(instant: Instant) => void} fn
   */
  at(t, fn) {
    const off = at(this.clock, t, instant => {
      this.#timers.delete(cancel)
      fn(instant)
    })
    const cancel = () => {
      this.#timers.delete(cancel)
      off()
    }
    this.#timers.add(cancel)
    return cancel
  }

  close() {
    for (const off of this.#timers) off()
    this.#audio.close()
  }
}

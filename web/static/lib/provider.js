/** @import { Session } from './session.js' */

/** The skew is looked at this often: the device's clock drifts, ms. */
const ADJUST = 1000
/** A skew that changed by less than this is the same, s. */
const LEAST = 2e-6

/**
 * Playback at one instant, as the Timing Object specification has it.
 *
 * @typedef {object} TimingVector
 * @property {number} position      s
 * @property {number} velocity      playback rate; 0 while paused
 * @property {number} acceleration  0
 * @property {number} timestamp     s, on the provider's clock
 */

/**
 * A timing provider for `new TimingObject(provider)`: the session's timeline as
 * https://webtiming.github.io/timingobject/ wants it. Its clock is session time
 * in seconds, `skew` that less the page's performance.now().
 */
export class TimingProvider extends EventTarget {
  #session
  #ending = new AbortController()
  #timer
  #skew = 0
  #vector
  /** @type {'connecting' | 'open' | 'closed'} */ #readyState = 'connecting'
  /** @type {Error | null} */ error = null
  startPosition = -Infinity
  endPosition = Infinity
  /** @type {((event: Event) => void) | null} */ onadjust = null
  /** @type {((event: Event) => void) | null} */ onchange = null
  /** @type {((event: Event) => void) | null} */ onreadystatechange = null

  /** @param {Session} session */
  constructor(session) {
    super()
    this.#session = session
    this.#vector = this.#now()
    const options = { signal: this.#ending.signal }
    session.addEventListener('clock', () => this.#follow(), options)
    session.addEventListener('playback', () => this.#changed(), options)
    this.#timer = setInterval(() => this.#follow(), ADJUST)
    this.#follow()
  }

  get readyState() {
    return this.#readyState
  }

  get skew() {
    return this.#skew
  }

  get vector() {
    return this.#vector
  }

  /**
   * Asks for another playback (leader): a velocity of 0 pauses, another one is the
   * playback rate. Resolves when it is scheduled; `change` comes at its instant. Rejects with
   * `not_leader` where this device doesn't lead, and where no medium could follow.
   *
   * @param {{position?: number | null, velocity?: number | null, acceleration?: number | null}} vector
   * @returns {Promise<void>}
   */
  async update({ position, velocity, acceleration }) {
    if (this.#readyState !== 'open') throw new DOMException('session time is not known', 'InvalidStateError')
    if (acceleration || (velocity ?? 0) < 0) {
      throw new DOMException('media neither accelerate nor run backwards', 'NotSupportedError')
    }
    const { isPlaying } = this.#session.timeline.planned(this.#session.now())
    await this.#session.syncPlayback({
      isPlaying: velocity == null ? isPlaying : velocity > 0,
      ...(position == null ? {} : { position }),
      ...(velocity ? { playbackRate: velocity } : {}),
    })
  }

  /** @returns {TimingVector} */
  #now() {
    const { timeline } = this.#session
    const now = this.#session.now()
    const state = timeline.at(now)
    const { isPlaying, playbackRate } = state
    const turning = timeline.turn(now) < Infinity && now > state.lastUpdateTime // since then it may have begun again
    const [position, lastUpdateTime] = turning ? [timeline.position(now), now] : [state.position, state.lastUpdateTime]
    return { position, velocity: isPlaying ? playbackRate : 0, acceleration: 0, timestamp: Math.max(0, lastUpdateTime) / 1000 }
  }

  #changed() {
    this.#vector = this.#now()
    this.#tell('change')
  }

  /** Takes session time over as it is told now. */
  #follow() {
    const { state } = this.#session
    if (state === 'closed') return this.close()
    const now = performance.now()
    const skew = (this.#session.toSession(now) - now) / 1000
    if (Number.isNaN(skew)) return
    const moved = Math.abs(skew - this.#skew) > LEAST
    this.#skew = skew
    if (moved) this.#tell('adjust')
    if (this.#readyState === 'connecting') this.#open()
  }

  #open() {
    this.#changed()
    this.#become('open')
  }

  /** @param {'open' | 'closed'} readyState */
  #become(readyState) {
    this.#readyState = readyState
    this.#tell('readystatechange')
  }

  /** @param {'adjust' | 'change' | 'readystatechange'} name */
  #tell(name) {
    const event = new Event(name)
    this.dispatchEvent(event)
    this[`on${name}`]?.(event)
  }

  /** The timing object closes with it; the session goes on. */
  close() {
    if (this.#readyState === 'closed') return
    clearInterval(this.#timer)
    this.#ending.abort()
    this.#become('closed')
  }
}

import { Calibration, soundBase } from './calibrate.js'

/** How long a base is good before it is worked out anew, ms. */
const FRESH = 250
/** Frames after which a browser that tells no capture times won't tell any. */
const ENOUGH = 20

/**
 * The stamps of camera and microphone as page time. `shift` is this thread's
 * performance.now() less the page's.
 */
export class Clocks {
  #shift
  #calibration
  /** @type {import('./calibrate.js').Base | null} */ #base = null
  #baseAt = -Infinity
  #soundCeiling = Infinity
  #soundError = Infinity
  /** Does the browser tell capture times? */
  #told = false
  frames = 0
  /** Page time of the latest arrival. */
  arrivedAt = NaN

  /**
   * @param {number} step   the smallest step of performance.now(), ms
   * @param {{shift: number, error: number}} relation  of the two threads' clocks
   */
  constructor(step, relation) {
    this.#shift = relation.shift
    this.#calibration = new Calibration(step, relation.error)
  }

  now() {
    return performance.now() - this.#shift
  }

  /** @param {import('./calibrate.js').Sight[]} sights */
  saw(sights) {
    this.#told = true
    for (const sight of sights) this.#calibration.saw(sight)
  }

  /**
   * When a frame that just arrived was captured, page time, ms.
   *
   * @param {number} timestamp  µs
   */
  captured(timestamp) {
    const now = this.now()
    this.frames++
    this.arrivedAt = now
    this.#calibration.arrived(timestamp / 1000, now)
    return timestamp / 1000 + this.base.base
  }

  get base() {
    const now = this.now()
    const stale = now - this.#baseAt > FRESH || (this.#base?.by !== 'capture' && this.frames < 2 * ENOUGH)
    if (!this.#base || stale) {
      this.#base = this.#calibration.result
      this.#baseAt = now
    }
    return this.#base ?? { base: 0, error: Infinity, by: /** @type {const} */ ('arrival') }
  }

  /** What a capture time may be wrong by, ms. */
  get error() {
    return this.frames ? this.base.error : this.#soundError
  }

  /** Is more time unlikely to make it better? */
  get settled() {
    if (!this.frames) return this.#soundError < Infinity
    const { by, error } = this.base
    return (by === 'capture' && error < this.#calibration.interval / 2) || this.frames > (this.#told ? 4 : 1) * ENOUGH
  }

  /** Frames a second, as they come. */
  get rate() {
    return 1000 / this.#calibration.interval
  }

  /**
   * When the first sample of a block that just arrived was captured, page time, ms.
   *
   * @param {AudioData} data
   */
  heard({ timestamp, numberOfFrames, sampleRate }) {
    const stamp = timestamp / 1000
    this.#soundCeiling = Math.min(this.#soundCeiling, this.now() - stamp)
    // Of this thread's origin, of the page's, or of that of the frames.
    const origins = [-this.#shift, 0, ...(this.#base ? [this.#base.base] : [])]
    const base = soundBase(this.#soundCeiling, origins)
    this.#soundError = this.#soundCeiling - base + (numberOfFrames / sampleRate) * 1000
    return base === this.#soundCeiling ? stamp + base - (numberOfFrames / sampleRate) * 1000 : stamp + base
  }
}

/**
 * Reads a track to its end. What is read is `fn`'s to close.
 *
 * @template T
 * @param {ReadableStream<T>} readable
 * @param {(value: T) => void} fn
 * @returns {{ended: Promise<void>, close: () => void}}
 */
export function pump(readable, fn) {
  const reader = readable.getReader()
  const run = async () => {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      fn(value)
    }
  }
  return { ended: run().catch(() => {}), close: () => void reader.cancel().catch(() => {}) }
}

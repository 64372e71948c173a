import { Calibration } from './calibrate.js'
import { SoundClock } from './soundclock.js'

/** @import { Piece } from './soundclock.js' */

/** How long a base is good before it is worked out again, ms. */
const FRESH = 250
/** Frames after which a browser that tells no capture times won't tell any. */
const ENOUGH = 20
/** What is on its way when a track isn't read any more comes within, ms: it has to be closed. */
export const LEFT = 200

/**
 * The stamps of camera and microphone as page time. `shift` is this thread's
 * performance.now() less the page's.
 */
export class CaptureClocks {
  #time
  #shift
  #calibration
  /** @type {import('./calibrate.js').Base | null} */ #base = null
  #baseAt = -Infinity
  #sound = new SoundClock()
  /** Does the browser tell capture times? */
  #told = false
  frames = 0
  /** Page time of the latest arrival. */
  arrivedAt = NaN

  /**
   * @param {number} step   the smallest step of performance.now(), ms
   * @param {{shift: number, error: number}} relation  of the two threads' clocks
   * @param {() => number} [time]  this thread's clock, ms
   */
  constructor(step, relation, time = () => performance.now()) {
    this.#time = time
    this.#shift = relation.shift
    this.#calibration = new Calibration(step, relation.error)
  }

  now() {
    return this.#time() - this.#shift
  }

  /** @param {import('./calibrate.js').CaptureTime[]} times */
  saw(times) {
    this.#told = true
    for (const time of times) this.#calibration.saw(time)
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
    return this.frames ? this.base.error : this.#sound.error
  }

  /** Is more time unlikely to make it better? */
  get settled() {
    if (!this.frames) return this.#sound.error < Infinity
    const { by, error } = this.base
    return (by === 'capture' && error < this.#calibration.interval / 2) || this.frames > (this.#told ? 4 : 1) * ENOUGH
  }

  /** Frames a second, as they come. */
  get rate() {
    return 1000 / this.#calibration.interval
  }

  /**
   * A block of sound that just arrived: what is certain by now of when sound was captured.
   *
   * @param {AudioData} data  which stays the caller's
   * @returns {Piece[]}
   */
  sound(data) {
    const { timestamp, numberOfFrames: frames, sampleRate: rate } = data
    const block = { planes: planesOf(data), frames, rate, stamp: timestamp / 1000, arrival: this.now() }
    return this.#sound.push(block, this.#origins)
  }

  /** What has become certain of it meanwhile. */
  certain() {
    return this.#sound.tick(this.now(), this.#origins)
  }

  /** Of this thread's origin, of the page's, or of that of the frames. */
  get #origins() {
    return [-this.#shift, 0, ...(this.#base ? [this.#base.base] : [])]
  }

  /** Another microphone takes the place of this one, whose last pieces these are. */
  renewSound() {
    const pieces = this.#sound.tick(Infinity, this.#origins)
    this.#sound = new SoundClock()
    return pieces
  }

  /** How much faster than this device's clock the sound card runs, millionths; NaN while unknown. */
  get ppm() {
    return this.#sound.ppm
  }
}

/** @param {AudioData} data */
function planesOf(data) {
  return Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(data.numberOfFrames)
    data.copyTo(plane, { planeIndex, format: 'f32-planar' })
    return plane
  })
}

/**
 * Reads a track to its end. What is read is `fn`'s to use, and closed after it;
 * what comes after `close` is closed unused.
 *
 * @template {{close: () => void}} T
 * @param {ReadableStream<T>} readable
 * @param {(value: T) => void} fn
 * @param {(error: unknown) => void} failed  of what `fn` throws: the next one may do better
 * @returns {{ended: Promise<void>, close: () => void}}
 */
export function pump(readable, fn, failed) {
  const reader = readable.getReader()
  let open = true
  const use = (/** @type {T} */ value) => {
    try {
      if (open) fn(value)
    } catch (error) {
      failed(error)
    } finally {
      value.close()
    }
  }
  const run = async () => {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      use(value)
    }
  }
  const close = () => {
    open = false
    setTimeout(() => void reader.cancel().catch(() => {}), LEFT)
  }
  return { ended: run().catch(() => {}), close }
}

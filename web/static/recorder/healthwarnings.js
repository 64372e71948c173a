/** @import { Warnings } from './warnings.js' */

/**
 * How frames and sound come, as the worker says once a second.
 *
 * @typedef {object} Health
 * @property {number} [frameRate]      frames/s, as they come
 * @property {number} [droppedFrames]  of the take under way
 * @property {number} [peakDb]         of the sound, dBFS
 * @property {number} [rmsDb]
 * @property {boolean} [dark]          the picture is black
 * @property {number} [frozenMs]       since the latest frame
 * @property {number} [soundGapMs]     since the latest sound
 */

/**
 * What should be.
 *
 * @typedef {object} Expected
 * @property {number} [frameRate]  that the camera promises; unknown: none is too low
 * @property {boolean} video
 * @property {boolean} audio
 */

/** No frame, no sound for this long is worth a word, ms. */
const FROZEN = 1000
const GAP = 2000
/** Below this is silence, dBFS: a live microphone in a quiet room is above it. */
const SILENT = -75
const SILENT_FOR = 5000
const DARK_FOR = 3000
/** Frames come too slowly below the first share of what the camera promises, and well enough from the second on. */
const SLOW = 0.7
const WELL = 0.85
const SLOW_FOR = 3000
/** Fewer frames that were left out aren't worth a word. */
const DROPPED = 5

/** Makes warnings of what the worker says: none of a moment, each with its number. */
export class HealthWarnings {
  #warnings
  #now
  /** Since when something has been so, ms. */
  /** @type {Map<string, number>} */ #since = new Map()
  /** @type {Health} */ last = {}

  /**
   * @param {Warnings} warnings
   * @param {() => number} [now]  ms
   */
  constructor(warnings, now = () => performance.now()) {
    this.#warnings = warnings
    this.#now = now
  }

  /**
   * @param {Health} health
   * @param {Expected} expected
   */
  update(health, expected) {
    this.last = health
    if (expected.video) this.#picture(health, expected.frameRate)
    if (expected.audio) this.#sound(health)
    const dropped = health.droppedFrames ?? 0
    this.#warnings.set('dropped_frames', dropped >= DROPPED && dropped)
  }

  /**
   * @param {Health} health
   * @param {number} [promised]
   */
  #picture({ frameRate, dark = false, frozenMs = 0 }, promised) {
    const frozen = frozenMs > FROZEN
    this.#warnings.set('camera_frozen', frozen && frozenMs / 1000)
    this.#lasting('camera_covered', dark && !frozen, DARK_FOR)
    if (frameRate === undefined || !promised) return
    const enough = promised * (this.#warnings.has('low_frame_rate') ? WELL : SLOW)
    this.#lasting('low_frame_rate', frameRate < enough && !frozen, SLOW_FOR, frameRate)
  }

  /** @param {Health} health */
  #sound({ peakDb, soundGapMs = 0 }) {
    const gone = soundGapMs > GAP
    this.#warnings.set('no_sound', gone)
    this.#lasting('silence', !gone && peakDb !== undefined && peakDb <= SILENT, SILENT_FOR)
  }

  /**
   * A warning once something has been so for a while; its number is for how long, s, or `value`.
   *
   * @param {string} code
   * @param {boolean} so
   * @param {number} ms
   * @param {number} [value]
   */
  #lasting(code, so, ms, value) {
    if (!so) this.#since.delete(code)
    else if (!this.#since.has(code)) this.#since.set(code, this.#now())
    const lasted = this.#now() - (this.#since.get(code) ?? this.#now())
    this.#warnings.set(code, so && lasted >= ms && (value ?? lasted / 1000))
  }

  /** Another camera or microphone: what was said of the last one isn't of this. */
  reset() {
    this.#since.clear()
    for (const code of ['camera_frozen', 'camera_covered', 'low_frame_rate', 'no_sound', 'silence', 'dropped_frames']) this.#warnings.set(code, false)
    this.last = {}
  }
}

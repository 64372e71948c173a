import { Level } from './level.js'

/** @import { CaptureClocks } from './captureclocks.js' */
/** @import { Piece } from './soundclock.js' */

/** How often to tell, ms. */
const EVERY = 1000
/** A picture is looked at as so many points. */
const COLUMNS = 16
const ROWS = 9
/** A picture that is as dark, and as even, shows nothing: of 255. */
const DARK = 20
const EVEN = 4

/**
 * How camera and microphone are doing, told about once a second, in a take or not.
 *
 * @typedef {object} HealthNews
 * @property {'health'} type
 * @property {number} frameRate       frames that came in the last second, a second
 * @property {number} droppedFrames   of the take under way; 0 without one
 * @property {number} peakDb          of the last second, dBFS; −120: nothing
 * @property {number} rmsDb
 * @property {boolean} dark           the picture is black, or something covers the lens
 * @property {number} frozenMs        since the last frame
 * @property {number} soundGapMs      since the last sound; 0 where none is wanted
 */

export class Health {
  #post
  #level = new Level()
  #frames = 0
  #since = NaN
  #heardAt = NaN
  #looked = false
  #dark = false

  /** @param {(news: HealthNews) => void} post */
  constructor(post) {
    this.#post = post
  }

  /** @param {VideoFrame} frame  which stays the caller's */
  frame(frame) {
    this.#frames++
    if (this.#looked) return
    this.#looked = true
    this.#dark = isDark(frame)
  }

  /**
   * @param {Piece} piece
   * @param {number} now  page time, ms
   */
  sound({ planes }, now) {
    this.#heardAt = now
    this.#level.add(planes)
  }

  /**
   * @param {CaptureClocks} clocks
   * @param {boolean} sound   wanted
   * @param {number} dropped  frames of the take under way
   */
  tick(clocks, sound, dropped) {
    const now = clocks.now()
    if (Number.isNaN(this.#since)) this.#since = this.#heardAt = now
    const passed = now - this.#since
    if (passed < EVERY) return
    this.#post({
      type: 'health', frameRate: Math.round((this.#frames / passed) * 10_000) / 10, droppedFrames: dropped, ...this.#level.take(),
      dark: this.#dark, frozenMs: clocks.frames ? now - clocks.arrivedAt : 0, soundGapMs: sound ? now - this.#heardAt : 0,
    })
    this.#since = now
    this.#frames = 0
    this.#looked = false
  }
}

/** @type {OffscreenCanvasRenderingContext2D | null} */
let small = null

/** @param {VideoFrame} frame */
function isDark(frame) {
  small ??= new OffscreenCanvas(COLUMNS, ROWS).getContext('2d', { willReadFrequently: true })
  if (!small) return false
  small.drawImage(frame, 0, 0, COLUMNS, ROWS)
  return dark(small.getImageData(0, 0, COLUMNS, ROWS).data)
}

/**
 * Is a picture as dark and even as one of nothing?
 *
 * @param {Uint8ClampedArray} rgba
 */
export function dark(rgba) {
  const count = rgba.length / 4
  let sum = 0
  let squares = 0
  for (let i = 0; i < rgba.length; i += 4) {
    const luma = 0.2126 * rgba[i] + 0.7152 * rgba[i + 1] + 0.0722 * rgba[i + 2]
    sum += luma
    squares += luma * luma
  }
  const mean = sum / count
  return mean < DARK && squares / count - mean * mean < EVEN * EVEN
}

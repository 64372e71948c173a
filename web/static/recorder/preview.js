import { Level } from './level.js'

/** @import { Piece } from './soundclock.js' */

/** How wide a small picture is. */
export const WIDTH = 160
/** Bytes of one: base64 makes 12 KiB of as many, the most that the server takes. */
export const MOST = 9000
const PLENTY = 7000
const LITTLE = 4000
/** A frame that doesn't come within this isn't waited for, ms. */
const PATIENCE = 150

/**
 * What may be shown of a camera elsewhere.
 *
 * @typedef {object} PreviewData
 * @property {number} [peakDb]   since the one before
 * @property {number} [rmsDb]
 * @property {string} [image]    base64 of a JPEG
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [tookMs]   to make it
 */

/** Small pictures and levels of what passes anyway, when asked for; nothing is done for them otherwise. */
export class Preview {
  #tell
  #level = new Level()
  /** Levels are wanted from the first question on. */
  #on = false
  #heard = false
  /** Somebody waits for the next frame. */
  #waiting = false
  #making = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience
  /** @type {OffscreenCanvas | null} */ #canvas = null
  #quality = 0.6

  /** @param {(previewed: PreviewData) => void} tell */
  constructor(tell) {
    this.#tell = tell
  }

  /**
   * Asks for one, which is told soon.
   *
   * @param {boolean} picture  with a picture, if there is a frame
   */
  ask(picture) {
    this.#on = true
    if (!picture || this.#making) return this.#tell(this.#levels)
    clearTimeout(this.#patience)
    this.#waiting = true
    this.#patience = setTimeout(() => this.#giveUp(), PATIENCE)
  }

  #giveUp() {
    this.#waiting = false
    this.#tell(this.#levels)
  }

  get #levels() {
    const heard = this.#heard
    this.#heard = false
    const levels = this.#level.take()
    return heard ? levels : {}
  }

  /** @param {Piece} piece */
  sound({ planes }) {
    if (!this.#on) return
    this.#heard = true
    this.#level.add(planes)
  }

  /** @param {VideoFrame} frame  which stays the caller's */
  frame(frame) {
    if (!this.#waiting) return
    this.#waiting = false
    clearTimeout(this.#patience)
    this.#making = true
    this.#make(frame).catch(() => this.#tell(this.#levels)).finally(() => (this.#making = false))
  }

  /** @param {VideoFrame} frame */
  async #make(frame) {
    const begun = performance.now()
    const { displayWidth, displayHeight } = frame
    const height = Math.max(1, Math.round((WIDTH * displayHeight) / displayWidth))
    const canvas = (this.#canvas ??= new OffscreenCanvas(WIDTH, height))
    if (canvas.height !== height) canvas.height = height
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }))
    context.drawImage(frame, 0, 0, WIDTH, height)
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: this.#quality })
    this.#quality = nextQuality(this.#quality, blob.size)
    if (blob.size > MOST) return this.#tell(this.#levels)
    this.#tell({ ...this.#levels, image: base64(new Uint8Array(await blob.arrayBuffer())), width: WIDTH, height, tookMs: performance.now() - begun })
  }

  close() {
    clearTimeout(this.#patience)
    this.#waiting = this.#on = false
  }
}

/**
 * How to compress the next one.
 *
 * @param {number} quality  of this one
 * @param {number} bytes    that it took
 */
export function nextQuality(quality, bytes) {
  if (bytes > PLENTY) return Math.max(0.1, quality - 0.15)
  return bytes < LITTLE ? Math.min(0.7, quality + 0.05) : quality
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

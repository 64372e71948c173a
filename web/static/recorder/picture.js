/** @import { Muxing } from './muxing.js' */

/** A key frame this often, µs: fragments begin with one. */
const KEY_EVERY = 1e6
/** An encoder with more frames than this before it gets no further ones. */
const QUEUE = 60

/**
 * A frame that is kept in case that no other comes.
 *
 * @typedef {object} Still
 * @property {VideoFrame} frame
 * @property {number} at  when it was captured, page time, ms
 *
 * @typedef {object} PictureEvents
 * @property {() => void} warm     the encoder runs
 * @property {() => void} skipped  a frame was left out
 * @property {(error: unknown) => void} failed
 */

/** The picture of one take, from frames to the file. */
export class Picture {
  #encoder
  #muxing
  #on
  /** @type {EncodedVideoChunkMetadata | undefined} */ #meta
  #firstStamp = Infinity
  /** Of the last frame that the encoder got, and of the last key frame, µs. */
  #stamp = -Infinity
  #keyStamp = -Infinity
  /** Frames given to the encoder, those before the take included. */
  encoded = 0
  /** Frames in the file, and the time of the last one in it, ms. */
  written = 0
  time = NaN
  /** Usual time between two frames, ms. */
  interval = 0

  /**
   * @param {VideoEncoderConfig} config
   * @param {Muxing} muxing
   * @param {PictureEvents} on
   */
  constructor(config, muxing, on) {
    this.#muxing = muxing
    this.#on = on
    this.#encoder = new VideoEncoder({ output: (chunk, meta) => this.#out(chunk, meta), error: on.failed })
    this.#encoder.configure(config)
  }

  /**
   * @param {VideoFrame} frame  which stays the caller's
   * @param {boolean} first     of the take
   */
  encode(frame, first = false) {
    const { timestamp } = frame
    if (this.#encoder.state !== 'configured' || timestamp <= this.#stamp) return
    if (!first && this.#encoder.encodeQueueSize > QUEUE) return this.#on.skipped()
    if (first) this.#firstStamp = timestamp
    const keyFrame = first || timestamp - this.#keyStamp >= KEY_EVERY
    if (keyFrame) this.#keyStamp = timestamp
    this.encoded++
    this.#stamp = timestamp
    this.#encoder.encode(frame, { keyFrame })
  }

  /**
   * The same picture at another time.
   *
   * @param {Still} still
   * @param {number} at
   * @param {boolean} [first]
   */
  repeat(still, at, first) {
    const timestamp = Math.round(still.frame.timestamp + (at - still.at) * 1000)
    const frame = new VideoFrame(still.frame, { timestamp })
    this.encode(frame, first)
    frame.close()
  }

  /**
   * @param {EncodedVideoChunk} chunk
   * @param {EncodedVideoChunkMetadata} [meta]
   */
  #out(chunk, meta) {
    if (meta?.decoderConfig) this.#meta = meta
    this.#on.warm()
    if (chunk.timestamp < this.#firstStamp) return
    const time = (chunk.timestamp - this.#firstStamp) / 1000
    this.#muxing.video(chunk, time / 1000, this.interval / 1000, this.#meta)
    this.written++
    this.time = time
  }

  /** Frames that wait for the encoder. */
  get queued() {
    return this.#encoder.encodeQueueSize
  }

  finish() {
    return drain(this.#encoder)
  }

  close() {
    if (this.#encoder.state !== 'closed') this.#encoder.close()
  }
}

/** @param {VideoEncoder | AudioEncoder} encoder */
export async function drain(encoder) {
  if (encoder.state !== 'configured') return
  await encoder.flush().catch(() => {})
  if (/** @type {string} */ (encoder.state) !== 'closed') encoder.close()
}

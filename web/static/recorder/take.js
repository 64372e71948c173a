import { Cut } from './cut.js'
import { Muxing } from './muxing.js'
import { part } from './trim.js'

/** @import { Choice } from './codecs.js' */

/** A key frame this often, ms: fragments begin with one. */
const KEY_EVERY = 1000
/** An encoder with more frames than this before it gets no further ones. */
const QUEUE = 60
/** Encoding begins this long before the instant, and once, to warm up, ms. */
const PREROLL = 2000
/** Sound that waits for the first frame, ms. */
const HELD = 2000
/** How long after the end something must come that shows that it is the end, ms. */
const PATIENCE = 700
/** Sound that is silent for this long is over, ms. */
const MUTE = 3000

/**
 * @typedef {object} TakeEvents
 * @property {() => void} warm
 * @property {() => void} started
 * @property {() => void} over      nothing more is taken in; `finish` comes next
 * @property {(code: string, error?: unknown) => void} trouble
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} write  throws when there is no room
 */

/**
 * One recording on its way from frames to a file. Frames come from before its
 * instant on, so that the encoder runs; all that lies before the cut is
 * dropped after encoding, and the first frame within is made a key frame.
 */
export class Take {
  cut = new Cut()
  #choice
  #on
  #muxing
  /** @type {VideoEncoder | null} */ #video = null
  /** @type {AudioEncoder | null} */ #audio = null
  /** @type {{data: AudioData, start: number}[]} */ #held = []
  /** @type {EncodedVideoChunkMetadata | undefined} */ #meta
  #firstStamp = Infinity
  #encoded = 0
  #keyAt = -Infinity
  #soundAt = NaN
  #over = false
  #full = false
  #slow = false
  /** Bytes given to the file, and when the last frame in them was captured. */
  written = 0
  lastWritten = NaN

  /**
   * @param {Choice} choice
   * @param {TakeEvents} on
   */
  constructor(choice, on) {
    this.#choice = choice
    this.#on = on
    this.#muxing = new Muxing(choice, bytes => this.#write(bytes), error => this.#failed(error))
    if (choice.video) this.#video = this.#videoEncoder(choice.video)
    if (choice.audio) this.#audio = this.#audioEncoder(choice.audio)
    if (!choice.video) on.warm()
  }

  /** @param {VideoEncoderConfig} config */
  #videoEncoder(config) {
    const encoder = new VideoEncoder({ output: (chunk, meta) => this.#videoOut(chunk, meta), error: e => this.#failed(e) })
    encoder.configure(config)
    return encoder
  }

  /** @param {AudioEncoderConfig} config */
  #audioEncoder(config) {
    const encoder = new AudioEncoder({
      output: (chunk, meta) => this.#muxing.audio(chunk, chunk.timestamp / 1e6, meta),
      error: e => this.#failed(e),
    })
    encoder.configure(config)
    return encoder
  }

  get over() {
    return this.#over
  }

  /** There was no room for its end: the file lacks some of what was encoded. */
  get full() {
    return this.#full
  }

  /**
   * A frame, which stays the caller's.
   *
   * @param {VideoFrame} frame
   * @param {number} at  when it was captured, page time, ms
   */
  frame(frame, at) {
    if (this.#over || !this.#video) return
    const place = this.cut.frame(at)
    if (place === 'after') return this.end()
    if (place === 'before' && this.#encoded > 2 && this.cut.from - at > PREROLL) return
    if (place === 'first') this.#begin(frame.timestamp)
    this.#encode(this.#video, frame, at, place === 'first')
    if (place === 'first') this.#releaseSound()
  }

  /** @param {number} stamp  µs */
  #begin(stamp) {
    this.#firstStamp = stamp
    this.#on.started()
  }

  /**
   * @param {VideoEncoder} encoder
   * @param {VideoFrame} frame
   * @param {number} at
   * @param {boolean} first
   */
  #encode(encoder, frame, at, first) {
    if (encoder.state !== 'configured') return
    if (!first && encoder.encodeQueueSize > QUEUE) return this.#tooSlow()
    const keyFrame = first || at - this.#keyAt >= KEY_EVERY
    if (keyFrame) this.#keyAt = at
    this.#encoded++
    encoder.encode(frame, { keyFrame })
  }

  #tooSlow() {
    if (!this.#slow) this.#on.trouble('too_slow')
    this.#slow = true
  }

  /**
   * @param {EncodedVideoChunk} chunk
   * @param {EncodedVideoChunkMetadata} [meta]
   */
  #videoOut(chunk, meta) {
    if (meta?.decoderConfig) this.#meta = meta
    this.#on.warm()
    if (chunk.timestamp < this.#firstStamp) return
    const time = (chunk.timestamp - this.#firstStamp) / 1000
    this.#muxing.video(chunk, time / 1000, this.#meta)
    if (!this.#full) this.lastWritten = this.cut.first + time
  }

  /**
   * A block of sound, which is the take's from now on.
   *
   * @param {AudioData} data
   * @param {number} start  when its first sample was captured, page time, ms
   */
  sound(data, start) {
    if (this.#over || !this.#audio) return data.close()
    this.#soundAt = start
    if (this.#choice.video && !this.cut.begun) return this.#hold(data, start)
    this.#cutSound(this.#audio, data, start)
  }

  /**
   * Sound of before the first frame: it may turn out to lie within.
   *
   * @param {AudioData} data
   * @param {number} start
   */
  #hold(data, start) {
    this.#held.push({ data, start })
    while (this.#held[0].start < start - HELD) this.#held.shift()?.data.close()
  }

  #releaseSound() {
    const held = this.#held
    this.#held = []
    for (const { data, start } of held) this.sound(data, start)
  }

  /**
   * @param {AudioEncoder} encoder
   * @param {AudioData} data
   * @param {number} start
   */
  #cutSound(encoder, data, start) {
    const begun = this.cut.begun
    const { numberOfFrames, sampleRate } = data
    const alone = !this.#choice.video
    const { skip, keep } = this.cut.sound(start, numberOfFrames, sampleRate, alone)
    if (alone && !begun && this.cut.begun) this.#on.started()
    if (alone && start >= this.cut.to) this.end()
    if (!keep || encoder.state !== 'configured') return data.close()
    const time = start + (skip / sampleRate) * 1000 - this.cut.first
    const piece = part(data, skip, keep, Math.round(time * 1000))
    encoder.encode(piece)
    piece.close()
    if (alone && !this.#full) this.lastWritten = this.cut.last
  }

  /**
   * Looks at the time: the end is the end though nothing comes that shows it.
   *
   * @param {number} now  page time, ms
   */
  tick(now) {
    if (now > this.cut.to + PATIENCE) this.end()
    if (this.#audio && this.#choice.video && this.cut.begun && !(now - this.#soundAt < MUTE)) this.#dropSound()
  }

  #dropSound() {
    if (this.#audio?.state !== 'closed') this.#audio?.close()
    this.#audio = null
    this.#muxing.endAudio()
    this.#on.trouble('microphone_silent')
  }

  /** Takes in no more. */
  end() {
    if (this.#over) return
    this.#over = true
    this.#on.over()
  }

  /** Encodes and writes what is left; resolves when the file is whole. */
  async finish() {
    this.#over = true
    for (const { data } of this.#held.splice(0)) data.close()
    await Promise.all([drain(this.#video), drain(this.#audio)])
    if (this.cut.begun) await this.#muxing.finish()
  }

  /** Drops all that was encoded. */
  cancel() {
    this.#over = true
    for (const { data } of this.#held.splice(0)) data.close()
    for (const encoder of [this.#video, this.#audio]) if (encoder && encoder.state !== 'closed') encoder.close()
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  #write(bytes) {
    if (this.#full) return
    try {
      this.#on.write(bytes)
      this.written += bytes.length
    } catch (error) {
      this.fill(error)
    }
  }

  /**
   * There is no room for more: the take ends with what was written.
   *
   * @param {unknown} error
   */
  fill(error) {
    this.#full = true
    this.#on.trouble('storage_full', error)
    this.end()
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#over) return
    this.#on.trouble('encoder_failed', error)
    this.end()
  }
}

/** @param {VideoEncoder | AudioEncoder | null} encoder */
async function drain(encoder) {
  if (!encoder || encoder.state !== 'configured') return
  await encoder.flush().catch(() => {})
  if (/** @type {string} */ (encoder.state) !== 'closed') encoder.close()
}

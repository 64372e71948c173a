import { Level, QUIET } from './level.js'
import { drain } from './picture.js'
import { SoundLine } from './soundline.js'

/** @import { Muxing } from './muxing.js' */
/** @import { Piece } from './soundclock.js' */

/** Sound that waits for the first frame, ms. */
const HELD = 2000
/** Where no sound comes there is silence, once none can come any more that was captured then, ms. */
const LATEST = 2000

/** The sound of one take, from the microphone's pieces to the file. */
export class Soundtrack {
  #config
  #encoder
  /** @type {SoundLine | null} */ #line = null
  /** @type {Piece[]} */ #held = []
  #level = new Level()
  #quiet = 0
  #failed = false
  /** When the last sound came, page time, ms. */
  heardAt = NaN

  /**
   * @param {AudioEncoderConfig} config
   * @param {Muxing} muxing
   * @param {(error: unknown) => void} failed  there won't be more sound
   */
  constructor(config, muxing, failed) {
    this.#config = config
    this.#encoder = new AudioEncoder({
      output: (chunk, meta) => muxing.audio(chunk, chunk.timestamp / 1e6, meta),
      error: error => {
        this.#failed = true
        failed(error)
      },
    })
    this.#encoder.configure(config)
  }

  /** Until when the file has its sound, page time, ms. */
  get at() {
    return this.#failed ? Infinity : (this.#line?.at ?? -Infinity)
  }

  /**
   * @param {number} from  page time of the take's first instant, ms
   * @param {number} to
   */
  begin(from, to) {
    const { sampleRate, numberOfChannels } = this.#config
    this.#line = new SoundLine(from, sampleRate, numberOfChannels, (planes, index, filled) => this.#encode(planes, index, filled))
    this.#line.to = to
    for (const piece of this.#held.splice(0)) this.#line.push(piece)
  }

  /** @param {number} to  the take's end as it is known now, page time, ms */
  set to(to) {
    if (this.#line) this.#line.to = to
  }

  /** @param {Piece} piece */
  push(piece) {
    this.heardAt = piece.start
    if (this.#line) return this.#line.push(piece)
    this.#held.push(piece)
    while (this.#held[0].start < piece.start - HELD) this.#held.shift()
  }

  /** @param {number} now  page time, ms */
  tick(now) {
    this.#line?.silence(now - LATEST)
  }

  /**
   * @param {Float32Array[]} planes
   * @param {number} index
   * @param {boolean} filled
   */
  #encode(planes, index, filled) {
    if (!filled) this.#measure(planes)
    if (this.#encoder.state !== 'configured') return
    const { sampleRate, numberOfChannels } = this.#config
    const numberOfFrames = planes[0].length
    const samples = new Float32Array(numberOfFrames * numberOfChannels)
    planes.forEach((plane, c) => samples.set(plane, c * numberOfFrames))
    const timestamp = Math.round((index / sampleRate) * 1e6)
    const data = new AudioData({ format: 'f32-planar', sampleRate, numberOfFrames, numberOfChannels, timestamp, data: samples })
    this.#encoder.encode(data)
    data.close()
  }

  /** @param {Float32Array[]} planes */
  #measure(planes) {
    this.#level.add(planes)
    if (planes.every(plane => plane.every(sample => Math.abs(sample) < QUIET))) this.#quiet += planes[0].length
  }

  /** How much came from the microphone, ms. */
  get heardMs() {
    return this.#line?.heardMs ?? 0
  }

  /** How much of the take is silence, for want of sound or for its own sake, ms; how loud the rest is. */
  get report() {
    const filledMs = this.#line?.filledMs ?? 0
    const silentMs = filledMs + (this.#quiet / this.#config.sampleRate) * 1000
    const loud = this.heardMs + filledMs > silentMs + 1
    return { sound: loud ? 'ok' : 'silent', silentMs, filledMs, peakDb: this.#level.value.peakDb }
  }

  /**
   * No more comes: the sound ends at t.
   *
   * @param {number} t  page time, ms
   */
  async finish(t) {
    this.#line?.end(t)
    await drain(this.#encoder)
  }

  close() {
    this.#held = []
    if (this.#encoder.state !== 'closed') this.#encoder.close()
  }
}

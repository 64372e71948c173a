import { Cut } from './cut.js'
import { Muxing } from './muxing.js'
import { Picture } from './picture.js'
import { reportOf } from './report.js'
import { Soundtrack } from './soundtrack.js'
import { FrameCounter } from './framecounter.js'

/** @import { Choice } from './codecs.js' */
/** @import { Tags } from './muxing.js' */
/** @import { Still } from './picture.js' */
/** @import { Piece } from './soundclock.js' */

/** Encoding begins this long before the instant, and once, to warm up, ms. */
const PREROLL = 2000
/** A source that gives no frame for this long stands still: what it showed last is what it shows, ms. */
const STILL = 500
/** While it stands still its picture is repeated this often, and that much later, ms. */
const REPEAT = 1000
/** How long after the end something must come that shows that it is the end, ms. */
const PATIENCE = 700
/** How long after the end sound may still come that belongs to the take, ms. */
const SOUND_PATIENCE = 1200
/** Sound that is missing for this long is worth a word, ms. */
const MUTE = 3000

/**
 * @typedef {object} TakeEvents
 * @property {() => void} warm
 * @property {() => void} started
 * @property {() => void} over      nothing more is accepted; `finish` comes next
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
  counter = new FrameCounter()
  #choice
  #on
  #muxing
  /** @type {Picture | null} */ #picture = null
  /** @type {Soundtrack | null} */ #sound = null
  /** The last frame has come, the last sound perhaps not. */
  #ending = false
  #over = false
  #full = false
  #mute = false
  /** The first picture is one of before the take. */
  #held = false

  /**
   * @param {Choice} choice
   * @param {TakeEvents} on
   * @param {Tags} [tags]
   */
  constructor(choice, on, tags = {}) {
    this.#choice = choice
    this.#on = on
    this.#muxing = new Muxing(choice, tags, bytes => this.#write(bytes), error => this.#failed(error))
    const events = { warm: on.warm, skipped: () => this.#tooSlow(), failed: (/** @type {unknown} */ error) => this.#failed(error) }
    if (choice.video) this.#picture = new Picture(choice.video, this.#muxing, events)
    if (choice.audio) this.#sound = new Soundtrack(choice.audio, this.#muxing, error => this.#soundFailed(error))
    if (!choice.video) on.warm()
  }

  /** Frames that wait for the encoder: a device that is busy has many. */
  get queued() {
    return this.#picture?.queued ?? 0
  }

  /** There was no room for its end: the file lacks some of what was encoded. */
  get full() {
    return this.#full
  }

  /** Is there a picture in the file, or sound where there is to be nothing else? */
  get empty() {
    return this.#picture ? this.#picture.written === 0 : !this.#sound?.heardMs
  }

  /** When the last frame in the file was captured, page time, ms; NaN: there is none. */
  get lastWritten() {
    const picture = this.#picture ? this.cut.first + this.#picture.time : this.cut.last
    return this.#full || !this.#over ? Math.min(picture, this.#sound?.at ?? Infinity) : picture
  }

  /** What the instant of its first frame is wrong by, beyond what the clocks are, ms. */
  get startError() {
    return this.#held ? this.counter.interval : 0
  }

  /**
   * A frame, which stays the caller's.
   *
   * @param {VideoFrame} frame
   * @param {number} at  when it was captured, page time, ms
   * @param {Still | null} [before]  the one before it
   */
  frame(frame, at, before = null) {
    if (this.#over || this.#ending || !this.#picture) return
    if (before && !this.cut.begun && at > Math.min(this.cut.from + STILL, this.cut.to)) this.#hold(before)
    const place = this.cut.frame(at)
    if (place === 'after') return this.end(before)
    if (place === 'before' && this.#picture.encoded > 2 && this.cut.from - at > PREROLL) return
    if (place !== 'before') this.counter.frame(at)
    this.#picture.interval = this.counter.interval
    this.#picture.encode(frame, place === 'first')
    if (place === 'first') this.#begin()
  }

  /**
   * The source stands still: the take begins with what it shows.
   *
   * @param {Still} still
   */
  #hold(still) {
    const { from, to } = this.cut
    const at = Math.max(from, still.at + 1)
    if (!(at < to)) return
    this.#held = true
    this.cut.frame(at)
    this.counter.frame(at)
    this.#picture?.repeat(still, at, true)
    this.#begin()
  }

  /**
   * Lets the encoder run though no frame comes.
   *
   * @param {Still} still
   */
  prime(still) {
    this.#picture?.encode(still.frame)
  }

  #begin() {
    this.#sound?.begin(this.cut.first, this.cut.to)
    this.#on.started()
  }

  #tooSlow() {
    if (this.counter.skipped++ === 0) this.#on.trouble('too_slow')
  }

  /**
   * Sound, which stays the caller's.
   *
   * @param {Piece} piece
   */
  sound(piece) {
    if (this.#over || !this.#sound) return
    if (!this.#picture) this.#alone(piece)
    this.#sound.push(piece)
    this.#endSound()
  }

  /**
   * Without a picture sound tells when the take begins and ends.
   *
   * @param {Piece} piece
   */
  #alone({ start, frames, step }) {
    const { begun } = this.cut
    this.cut.sound(start, frames, 1000 / step, true)
    if (!begun && this.cut.begun) this.#begin()
  }

  /**
   * Looks at the time: the end is the end though nothing comes that shows it.
   *
   * @param {number} now  page time, ms
   * @param {Still | null} [still]  the newest frame
   */
  tick(now, still = null) {
    if (this.#over) return
    if (still && this.#picture) this.#standStill(now, still)
    if (this.#sound) this.#sound.to = this.cut.to
    if (this.cut.begun) this.#sound?.tick(now)
    if (now > this.cut.to + PATIENCE) this.end(still)
    if (now > this.cut.to + SOUND_PATIENCE) this.close()
    this.#endSound()
    this.#listen(now)
  }

  /**
   * @param {number} now
   * @param {Still} still
   */
  #standStill(now, still) {
    const { cut } = this
    if (!cut.begun && now > Math.min(cut.from, cut.to) + STILL) this.#hold(still)
    if (!cut.begun || this.#ending) return
    while (cut.last + 2 * REPEAT < now && cut.last + REPEAT < cut.to) this.#repeat(still, cut.last + REPEAT)
  }

  /**
   * @param {Still} still
   * @param {number} at
   */
  #repeat(still, at) {
    this.cut.frame(at)
    this.#picture?.repeat(still, at)
  }

  /** @param {number} now */
  #listen(now) {
    if (this.#mute || !this.#sound || !this.cut.begun || now < this.cut.first + MUTE) return
    if (now - this.#sound.heardAt < MUTE) return
    this.#mute = true
    this.#on.trouble('microphone_silent')
  }

  /** @param {unknown} error */
  #soundFailed(error) {
    this.#muxing.endAudio()
    this.#on.trouble('sound_failed', error)
  }

  /**
   * The picture ends here. Sound of before its end may still come.
   *
   * @param {Still | null} [still]  the last frame
   */
  end(still = null) {
    if (this.#ending || this.#over) return
    const { cut } = this
    const at = cut.to - this.counter.interval
    if (still && cut.begun && at - cut.last > STILL) this.#repeat(still, at)
    this.#ending = true
    this.#endSound()
  }

  #endSound() {
    if (!this.#picture && this.#sound && this.#sound.at >= this.cut.to) this.#ending = true
    const whole = !this.#sound || !this.cut.begun || this.#sound.at >= this.cut.to - 1
    if (this.#ending && whole) this.close()
  }

  /** Takes in no more. */
  close() {
    if (this.#over) return
    this.#over = true
    this.#on.over()
  }

  /** Encodes and writes what is left; resolves when the file is whole. */
  async finish() {
    this.#over = true
    const { cut } = this
    const to = this.#ending && cut.to < Infinity ? cut.to : cut.last + this.counter.interval
    await Promise.all([this.#picture?.finish(), cut.begun ? this.#sound?.finish(to) : this.#sound?.close()])
    if (cut.begun) await this.#muxing.finish()
  }

  /** Drops all that was encoded. */
  cancel() {
    this.#over = true
    this.#picture?.close()
    this.#sound?.close()
  }

  /** @param {number} ppm  how much faster than session time the sound card runs, millionths */
  report(ppm) {
    return reportOf(this.#choice, this.cut, this.counter, this.#sound, ppm)
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  #write(bytes) {
    if (this.#full) return
    try {
      this.#on.write(bytes)
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
    this.close()
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#over) return
    this.#on.trouble('encoder_failed', error)
    this.close()
  }
}

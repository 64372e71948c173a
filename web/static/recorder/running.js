import { Take } from './take.js'

/** @import { Choice } from './codecs.js' */
/** @import { Tags } from './muxing.js' */
/** @import { Still } from './picture.js' */
/** @import { QueuedRecording } from './uploadqueue.js' */
/** @import { CaptureClocks } from './captureclocks.js' */

/** How often the page hears how far a take is, ms. */
const TELL = 1000
/** Bytes that a file has before there is any picture or sound in it, at most. */
const HEADER = 100

/** A take with the file that it goes to. */
export class Running {
  #id
  #post
  #clocks
  /** @type {QueuedRecording | null} */ #entry = null
  /** What came before there was a file. */
  /** @type {Uint8Array<ArrayBuffer>[]} */ #early = []
  /** @type {() => void} */ #filed = () => {}
  #file = new Promise(resolve => (this.#filed = () => resolve(undefined)))
  #warm = false
  #armed = false
  #told = -Infinity
  cancelled = false

  /**
   * @param {string} id
   * @param {Choice} choice
   * @param {(message: any) => void} post
   * @param {() => CaptureClocks | null} clocks
   * @param {Tags} [tags]
   */
  constructor(id, choice, post, clocks, tags) {
    this.#id = id
    this.#post = post
    this.#clocks = clocks
    this.choice = choice
    this.take = new Take(choice, {
      warm: () => {
        this.#warm = true
        this.#arm()
      },
      started: () => this.#started(),
      over: () => void this.#finish(),
      trouble: (code, error) => post({ type: 'trouble', id, code, error: error && String(error) }),
      write: bytes => this.#write(bytes),
    }, tags)
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  #write(bytes) {
    if (this.#entry) this.#entry.file.append(bytes)
    else this.#early.push(bytes)
  }

  /** @param {QueuedRecording} entry */
  keepIn(entry) {
    this.#entry = entry
    try {
      for (const bytes of this.#early.splice(0)) entry.file.append(bytes)
    } catch (error) {
      this.take.fill(error)
    }
    this.#filed()
    this.#arm()
    if (this.take.cut.begun) entry.tell()
  }

  /** What a capture time may be wrong by, ms. */
  get #error() {
    return this.#clocks()?.error ?? Infinity
  }

  #started() {
    this.#post({ type: 'started', id: this.#id, at: this.take.cut.first, error: this.#error + this.take.startError })
    this.#entry?.tell()
  }

  /**
   * @param {number} now  page time, ms
   * @param {Still | null} still  the newest frame
   */
  tick(now, still) {
    this.take.tick(now, still)
    this.#arm()
    const entry = this.#entry
    if (!entry || !this.take.cut.begun || now - this.#told < TELL || !entry.file.size || this.take.empty) return
    this.#told = now
    entry.file.flush()
    entry.send()
    entry.tell()
    this.#post({ type: 'written', id: this.#id, at: this.take.lastWritten, error: this.#error })
  }

  #arm() {
    if (this.#armed || !this.#warm || !this.#entry || !(this.#clocks()?.settled ?? true)) return
    this.#armed = true
    this.#post({ type: 'armed', id: this.#id })
  }

  async #finish() {
    const { take } = this
    await Promise.all([take.finish(), this.#file])
    if (this.cancelled) return
    // What was given to a full storage isn't there.
    const empty = take.empty || (this.#entry?.file.size ?? 0) <= HEADER
    const at = take.lastWritten
    const report = take.report(this.#clocks()?.ppm ?? NaN)
    if (!empty && report.sound === 'silent') this.#post({ type: 'trouble', id: this.#id, code: 'silent_take' })
    this.#post({ type: 'stopped', id: this.#id, at, error: this.#error, empty, torn: take.full, report })
    if (!empty) this.#entry?.complete({})
  }

  /** Drops what there is of it. */
  cancel() {
    this.cancelled = true
    this.take.cancel()
  }
}

import { openCamera } from './camera.js'
import { Gauge } from './gauge.js'
import { plug } from './plug.js'

/** @import { Choices, Wishes } from './camera.js' */
/** @import { Desk } from './desk.js' */
/** @import { MicrophoneState } from './status.js' */
/** @import { Health } from './vitals.js' */

/**
 * @typedef {object} LensEvents
 * @property {(kind: string) => void} lost  a track ended by itself
 * @property {(muted: boolean) => void} muted  the camera gives nothing just now
 * @property {(capture: number | undefined) => void} saw  a frame, where the worker has none
 * @property {(health: Health) => void} health  how frames and sound come, where the worker has none
 * @property {() => void} swapped  the stream is another one
 */

/** Camera and microphone, or the stream that stands for them, plugged into the worker. */
export class Lens {
  #wishes
  #given
  #step
  #on
  /** @type {Choices} */ #choices = {}
  /** @type {Desk | null} */ #desk = null
  /** What opened last. */
  /** @type {Choices} */ #worked = {}
  #unplug = () => {}
  /** @type {Gauge | null} */ #gauge = null
  /** Choices are carried out one after the other; of those that wait the last one counts. */
  #turn = Promise.resolve()
  #asked = 0
  /** @type {MediaStream | null} */ stream = null
  /** Why there is no sound, if there is none. */
  /** @type {MicrophoneState} */ microphone = 'off'

  /**
   * @param {Wishes} wishes
   * @param {MediaStream | undefined} given  to be recorded instead; its tracks stay the caller's
   * @param {number | null} step  the smallest step of performance.now(), ms; null: MediaRecorder has the frames
   * @param {LensEvents} on
   */
  constructor(wishes, given, step, on) {
    this.#wishes = wishes
    this.#given = given
    this.#step = step
    this.#on = on
  }

  /** Asks for the camera; rejects as `openCamera` does. */
  async open() {
    if (this.#given) {
      this.stream = this.#given
      this.microphone = this.#given.getAudioTracks().length ? 'ready' : 'off'
      return
    }
    const { stream, microphone } = await openCamera(this.#wishes, this.#choices)
    Object.assign(this, { stream, microphone })
  }

  /** @param {Desk} desk */
  async plug(desk) {
    this.#desk = desk
    const stream = /** @type {MediaStream} */ (this.stream)
    this.#unplug = await plug(stream, desk, this.#step, {
      saw: capture => {
        this.#on.saw(capture)
        this.#gauge?.saw()
      },
      lost: kind => {
        if (kind === 'audio') this.microphone = 'lost'
        this.#on.lost(kind)
      },
      muted: muted => this.#on.muted(muted),
    })
    if (this.#step === null) this.#gauge = new Gauge(stream, health => this.#on.health(health))
  }

  /** Is there something to record? */
  get live() {
    const tracks = this.stream?.getTracks() ?? []
    const video = tracks.filter(({ kind }) => kind === 'video')
    return (video.length ? video : tracks).some(({ readyState }) => readyState === 'live')
  }

  /** @returns {MediaStreamTrack | undefined} */
  get video() {
    return this.stream?.getVideoTracks()[0]
  }

  /** @returns {MediaStreamTrack | undefined} */
  get audio() {
    return this.stream?.getAudioTracks()[0]
  }

  /** Levels, where the worker has none. */
  get gauge() {
    return this.#gauge
  }

  /** Should there be sound? */
  get wantsSound() {
    return !this.#given && !!this.#wishes.audio
  }

  /**
   * Another camera or microphone. When several are chosen quickly one after the other, the
   * last one is opened.
   *
   * @param {Choices} choices
   */
  choose(choices) {
    Object.assign(this.#choices, choices)
    if (this.#given) return Promise.resolve()
    const asked = ++this.#asked
    const turn = this.#turn.then(() => (asked === this.#asked ? this.#swap() : undefined))
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Opens what was chosen; when that can't be, what was open before. */
  async #swap() {
    const desk = this.#desk
    if (!desk) return
    this.#drop() // most phones open one camera at a time
    try {
      await this.open()
      this.#worked = { ...this.#choices }
    } catch (error) {
      this.#choices = { ...this.#worked }
      await this.open().catch(() => {})
      throw error
    } finally {
      if (this.#desk !== desk) this.#drop() // closed meanwhile
      else if (this.stream) await this.plug(desk)
      if (this.#desk === desk) this.#on.swapped()
    }
  }

  #drop() {
    this.#unplug()
    this.#unplug = () => {}
    this.#gauge?.close()
    this.#gauge = null
    if (!this.#given) for (const track of this.stream?.getTracks() ?? []) track.stop()
    this.stream = null
  }

  close() {
    this.#asked++
    this.#desk = null
    this.#drop()
  }
}

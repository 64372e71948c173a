import { Lookout } from './lookout.js'
import { Status } from './status.js'
import { Vitals } from './vitals.js'
import { Warnings } from './warnings.js'

/** @import { Session } from '../lib/session.js' */
/** @import { Lens } from './lens.js' */
/** @import { RecorderState } from './recorder.js' */
/** @import { TakeState } from './shelf.js' */
/** @import { CameraState, More } from './status.js' */
/** @import { Health } from './vitals.js' */

/**
 * @typedef {object} WellbeingSources
 * @property {() => TakeState[]} takes
 * @property {() => Lens | null} lens
 * @property {() => object | undefined} settings
 * @property {(code: string, value?: number) => void} noted  a warning, for the takes under way
 * @property {(...codes: string[]) => void} clear  troubles that no longer hold
 */

/** How this device is: what it sees, hears and lacks, as warnings and as its status. */
export class Wellbeing {
  #of
  #vitals
  #lookout
  #frozen = false
  /** @type {RecorderState} */ #state = 'closed'
  warnings
  status

  /**
   * @param {Session} session
   * @param {boolean} uploads
   * @param {WellbeingSources} of
   */
  constructor(session, uploads, of) {
    this.#of = of
    this.status = new Status(session, () => this.#pending, () => this.#more)
    this.warnings = new Warnings(() => this.#changed(), of.noted)
    this.#vitals = new Vitals(this.warnings)
    this.#lookout = new Lookout(this.warnings, {
      takes: of.takes, uploads, bound: () => session.bound, roomy: () => of.clear('storage_full', 'storage_failed'),
    })
  }

  get #pending() {
    return this.#of.takes().reduce((sum, { bytes, uploadedBytes }) => sum + bytes - uploadedBytes, 0)
  }

  /** @returns {More} */
  get #more() {
    const { frameRate, peakDb, droppedFrames } = this.#vitals.last
    const { freeBytes, uploadError, battery } = this.#lookout
    return {
      freeBytes: freeBytes === undefined ? undefined : Math.floor(freeBytes), ...battery, frameRate, droppedFrames,
      levelDb: peakDb === undefined ? undefined : Math.max(-120, Math.min(0, peakDb)), uploadError, warnings: this.warnings.all,
      settings: this.#of.settings(),
    }
  }

  /** @param {string} code  why there is no camera */
  refused(code) {
    this.status.camera = code === 'camera_refused' ? 'refused' : code === 'no_camera' ? 'none' : 'off'
  }

  /**
   * @param {RecorderState} state
   * @param {boolean} frozen
   */
  settle(state, frozen) {
    this.#state = state
    this.#frozen = frozen
    const lens = this.#of.lens()
    if (lens?.stream) this.#listen(lens)
    this.#changed()
  }

  /** @param {Health} health */
  heard(health) {
    const lens = this.#of.lens()
    if (!lens) return
    const frameRate = lens.video?.getSettings().frameRate
    this.#vitals.heard(health, { frameRate, video: lens.live && !!lens.video, audio: lens.audio?.readyState === 'live' })
    this.#listen(lens)
    if (!this.warnings.has('silence') && !this.warnings.has('no_sound')) this.#of.clear('microphone_silent', 'silent_take')
  }

  /**
   * A microphone that isn't there says nothing of itself.
   *
   * @param {Lens} lens
   */
  #listen(lens) {
    const missing = lens.wantsSound && lens.microphone !== 'ready'
    if (missing || !lens.audio) this.warnings.set('no_sound', missing)
  }

  swapped() {
    this.#vitals.reset()
  }

  /** What the session is told follows from what holds. */
  #changed() {
    this.status.camera = this.#camera
    this.status.microphone = this.#microphone
    this.status.soon()
  }

  /** @returns {CameraState} */
  get #camera() {
    const lens = this.#of.lens()
    if (this.#state === 'closed') return this.status.camera
    if (!lens?.stream || lens.video?.readyState === 'ended') return 'lost'
    if (this.#frozen || this.warnings.has('camera_frozen')) return 'frozen'
    if (this.warnings.has('camera_covered')) return 'covered'
    return this.#state === 'recording' ? 'recording' : 'ready'
  }

  get #microphone() {
    const microphone = this.#of.lens()?.microphone ?? 'off'
    const silent = this.warnings.has('silence') || this.warnings.has('no_sound')
    return microphone === 'ready' && silent ? 'silent' : microphone
  }

  close() {
    this.#lookout.close()
    this.status.close()
  }
}

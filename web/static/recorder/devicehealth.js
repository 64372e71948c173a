import { ResourceMonitor } from './resourcemonitor.js'
import { Status } from './devicestatus.js'
import { HealthWarnings } from './healthwarnings.js'
import { Warnings } from './warnings.js'

/** @import { Session } from '../lib/session.js' */
/** @import { LocalMedia } from './localmedia.js' */
/** @import { RecorderState } from './devicerecorder.js' */
/** @import { TakeState } from './uploadqueue.js' */
/** @import { CameraState, More } from './devicestatus.js' */
/** @import { Health } from './healthwarnings.js' */

/**
 * @typedef {object} DeviceHealthSources
 * @property {() => TakeState[]} takes
 * @property {() => LocalMedia | null} media
 * @property {() => object | undefined} settings
 * @property {(code: string, value?: number) => void} noted  a warning, for the takes under way
 * @property {(...codes: string[]) => void} clear  troubles that no longer hold
 */

/** How this device is: what it sees, hears and lacks, as warnings and as its status. */
export class DeviceHealth {
  #of
  #healthWarnings
  #resources
  #frozen = false
  /** @type {RecorderState} */ #state = 'closed'
  warnings
  status

  /**
   * @param {Session} session
   * @param {boolean} uploads
   * @param {DeviceHealthSources} of
   */
  constructor(session, uploads, of) {
    this.#of = of
    this.status = new Status(session, () => this.#pending, () => this.#more)
    this.warnings = new Warnings(() => this.#changed(), of.noted)
    this.#healthWarnings = new HealthWarnings(this.warnings)
    this.#resources = new ResourceMonitor(this.warnings, {
      takes: of.takes, uploads, bound: () => session.bound, roomy: () => of.clear('storage_full', 'storage_failed'),
    })
  }

  get #pending() {
    return this.#of.takes().reduce((sum, { bytes, uploadedBytes }) => sum + bytes - uploadedBytes, 0)
  }

  /** @returns {More} */
  get #more() {
    const { frameRate, peakDb, droppedFrames } = this.#healthWarnings.last
    const { freeBytes, uploadError, battery } = this.#resources
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
    const media = this.#of.media()
    if (media?.stream) this.#listen(media)
    this.#changed()
  }

  /** @param {Health} health */
  update(health) {
    const media = this.#of.media()
    if (!media) return
    const frameRate = media.video?.getSettings().frameRate
    this.#healthWarnings.update(health, { frameRate, video: media.live && !!media.video, audio: media.audio?.readyState === 'live' })
    this.#listen(media)
    if (!this.warnings.has('silence') && !this.warnings.has('no_sound')) this.#of.clear('microphone_silent', 'silent_take')
  }

  /**
   * A microphone that isn't there says nothing of itself.
   *
   * @param {LocalMedia} media
   */
  #listen(media) {
    const missing = media.wantsSound && media.microphone !== 'ready'
    if (missing || !media.audio) this.warnings.set('no_sound', missing)
  }

  swapped() {
    this.#healthWarnings.reset()
  }

  /** What the session is told follows from what holds. */
  #changed() {
    this.status.camera = this.#camera
    this.status.microphone = this.#microphone
    this.status.soon()
  }

  /** @returns {CameraState} */
  get #camera() {
    const media = this.#of.media()
    if (this.#state === 'closed') return this.status.camera
    if (!media?.stream || media.video?.readyState === 'ended') return 'lost'
    if (this.#frozen || this.warnings.has('camera_frozen')) return 'frozen'
    if (this.warnings.has('camera_covered')) return 'covered'
    return this.#state === 'recording' ? 'recording' : 'ready'
  }

  get #microphone() {
    const microphone = this.#of.media()?.microphone ?? 'off'
    const silent = this.warnings.has('silence') || this.warnings.has('no_sound')
    return microphone === 'ready' && silent ? 'silent' : microphone
  }

  close() {
    this.#resources.close()
    this.status.close()
  }
}

import { listDevices } from './camera.js'
import { refusedOf, turnScreen } from './settings.js'
import { WantedSettings } from './wantedsettings.js'

/** @import { Session } from '../lib/session.js' */
/** @import { LocalMedia } from './localmedia.js' */
/** @import { CameraSettings, ToldSettings } from './settings.js' */

/** Cameras that are told of, at most. */
const CAMERAS = 8

/**
 * @typedef {object} SettingsFollowerEvents
 * @property {() => LocalMedia | null} media
 * @property {() => boolean} idle  nothing is coming or under way: settings wait for the end of a take
 * @property {(prefer: {container?: CameraSettings['container'], bitRate?: number}) => void} prefer
 *   asks how it will be encoded, which is told by `chosen`
 * @property {(refused: boolean) => void} refused
 * @property {() => void} told  what is told has changed
 */

/** Makes camera, screen and encoder follow what the leader wants, and says what they don't. */
export class SettingsFollower {
  #on
  #wanted
  /** What was carried out last. */
  #done = '{}'
  #busy = false
  #back = false
  /** @type {{id: string, label: string}[]} */ #cameras = []
  /** @type {{container?: 'mp4' | 'webm', bitRate?: number}} */ #chosen = {}
  /** @type {'landscape' | 'portrait' | undefined} */ #orientation

  /**
   * @param {Session} session
   * @param {SettingsFollowerEvents} on
   */
  constructor(session, on) {
    this.#on = on
    this.#wanted = new WantedSettings(session, () => void this.follow())
  }

  /** @param {CameraSettings} settings  of the page's own */
  set page(settings) {
    this.#wanted.page = settings
  }

  /** What a camera that isn't open yet is to be opened with. */
  get settings() {
    return this.#wanted.settings
  }

  get prefer() {
    const { container, bitRate } = this.#wanted.settings
    return { container, bitRate }
  }

  /**
   * The camera is open.
   *
   * @param {CameraSettings} settings  that it was opened with; no camera opens with its lamp on
   */
  async opened(settings) {
    this.#done = settings.torch ? '' : JSON.stringify(settings)
    await this.#look()
    await this.follow()
  }

  /** A camera is connected while there is none: it is opened, at the latest after what is being completed. */
  back() {
    this.#back = true
    void this.follow()
  }

  /** Carries out what is wanted, if nothing is recorded just now. */
  async follow() {
    const media = this.#on.media()
    const wanted = JSON.stringify(this.settings)
    if (!media || (!media.stream && !this.#back) || this.#busy || (wanted === this.#done && !this.#back) || !this.#on.idle()) return
    this.#busy = true
    this.#back = false
    this.#done = wanted
    await media.configure(this.settings).catch(() => {}) // what was before goes on, and is told
    await this.#look()
    this.#busy = false
    await this.follow()
  }

  /** How it is now. */
  async #look() {
    this.#orientation = await turnScreen(this.settings.orientation)
    const { cameras } = await listDevices().catch(() => ({ cameras: [] }))
    this.#cameras = cameras.slice(0, CAMERAS).map(({ deviceId, label }) => ({ id: deviceId, label: label.slice(0, 64) }))
    this.#chosen = {}
    this.#on.prefer(this.prefer)
    this.#tell()
  }

  /** @param {{container: 'mp4' | 'webm', bitRate?: number}} chosen  what the worker will encode with */
  chosen({ container, bitRate }) {
    this.#chosen = { container, bitRate }
    this.#tell()
  }

  #tell() {
    this.#on.refused(this.#refused.length > 0)
    this.#on.told()
  }

  get #refused() {
    const media = this.#on.media()
    const actual = media?.video?.getSettings() ?? {}
    return refusedOf(this.settings, actual, { ...this.#chosen, orientation: this.#orientation, sound: !!media?.audio })
  }

  /** @returns {ToldSettings | undefined} */
  get told() {
    const media = this.#on.media()
    if (!media?.stream) return undefined
    const { width, height, frameRate, deviceId, torch } = /** @type {MediaTrackSettings & {torch?: boolean}} */ (media.video?.getSettings() ?? {})
    return {
      width, height, frameRate, cameraId: deviceId, torch, orientation: this.#orientation, ...this.#chosen,
      cameras: this.#cameras, refused: this.#refused,
    }
  }
}

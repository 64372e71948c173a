import { Emitter } from './emitter.js'
import { DownbeatError } from './signaling.js'

/**
 * @typedef {object} Scheduled
 * @property {string} commandId
 * @property {number} timestamp  session time of the act, ms
 */

/**
 * What of playback is to change; what is left out stays as it is.
 *
 * @typedef {object} PlaybackChange
 * @property {boolean} isPlaying
 * @property {number} [position]      s, at the instant; the timeline's own by default
 * @property {number} [playbackRate]  1/16 to 16
 * @property {string} [mediaUrl]
 * @property {string} [mediaId]
 */

/**
 * @typedef {object} Media
 * @property {string} mediaUrl
 * @property {string} [mediaId]
 * @property {string} [mediaTitle]
 * @property {number} [mediaDuration]  s
 */

/**
 * How the device is, for whoever watches over the session.
 *
 * @typedef {object} DeviceStatus
 * @property {number} [battery]       0 to 1
 * @property {boolean} [charging]
 * @property {string} [camera]
 * @property {number} [pendingBytes]  recorded, and not yet uploaded
 * @property {number} [freeBytes]     left for recordings
 * @property {string} [note]
 */

/**
 * What may be asked of the server, over whichever connection there is. Each
 * call resolves to its answer's data and rejects with a DownbeatError: with
 * `not_leader` where only the leader may.
 */
export class Calls extends Emitter {
  #post
  /** @type {Map<number, {resolve: (data: any) => void, reject: (error: Error) => void}>} */ #asked = new Map()
  #lastId = 0
  #ended = false

  /** @param {(message: object) => void} post  to the engine */
  constructor(post) {
    super()
    this.#post = post
  }

  /**
   * Sends an event and resolves to its answer's data.
   *
   * @param {string} event
   * @param {object} [data]
   * @returns {Promise<any>}
   */
  request(event, data = {}) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(closed())
      this.#asked.set(id, { resolve, reject })
      this.#post({ type: 'request', id, event, data })
    })
  }

  /**
   * Sends an event that needs no answer.
   *
   * @param {string} event
   * @param {object} [data]
   */
  send(event, data = {}) {
    this.#post({ type: 'send', event, data })
  }

  /**
   * @protected
   * @param {{id: number, data?: any, error?: {code: string, message: string, retry: boolean}}} m
   */
  replied({ id, data, error }) {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error) asked?.reject(new DownbeatError(error.code, error.message, error.retry))
    else asked?.resolve(data)
  }

  /** @protected */
  endCalls() {
    this.#ended = true
    for (const { reject } of this.#asked.values()) reject(closed())
    this.#asked.clear()
  }

  /**
   * Schedules a command for everybody (leader): `at` in session ms or `delay`
   * in ms, neither: as soon as all devices can.
   *
   * @param {string} name
   * @param {unknown} [payload]
   * @param {{at?: number, delay?: number}} [when]
   * @returns {Promise<Scheduled>}
   */
  schedule(name, payload, when = {}) {
    return this.request('schedule', { name, payload, ...when })
  }

  /**
   * Takes a command back (leader), until its instant.
   *
   * @param {string} commandId
   */
  cancel(commandId) {
    return this.request('cancel', { commandId })
  }

  /**
   * Starts a take on every device that has a deviceType (leader).
   *
   * @param {string} [postureLabel]
   * @param {number} [duration]  ms; 0 = until stopped
   * @param {{at?: number, delay?: number}} [when]  as for `schedule`
   * @returns {Promise<Scheduled>}
   */
  startRecording(postureLabel = '', duration = 0, when = {}) {
    return this.request('start_recording', { postureLabel, duration, ...when })
  }

  /**
   * Ends the take (leader).
   *
   * @returns {Promise<Scheduled>}
   */
  stopRecording() {
    return this.request('stop_recording')
  }

  /**
   * Puts another medium on the timeline, paused at its beginning (leader).
   *
   * @param {Media} media
   */
  loadMedia(media) {
    return this.request('load_media', media)
  }

  /**
   * Changes playback for everybody, as soon as all devices can (leader).
   *
   * @param {PlaybackChange} change
   * @returns {Promise<Scheduled>}
   */
  syncPlayback(change) {
    return this.request('sync_playback', change)
  }

  /** @param {number} [position]  s; from where it stands by default */
  play(position) {
    return this.syncPlayback({ isPlaying: true, position })
  }

  /** @param {number} [position]  s; where it is by then by default */
  pause(position) {
    return this.syncPlayback({ isPlaying: false, position })
  }

  /** Leadership, which is granted while the leader is away. */
  requestLeadership() {
    return this.request('request_leadership')
  }

  /**
   * Says where this device's media really was, and resolves to where it should be.
   *
   * @param {number} reportedPosition  s
   * @param {number} reportedTime      session time at which it was there, ms
   */
  reportDesync(reportedPosition, reportedTime) {
    return this.request('report_desync', { reportedPosition, reportedTime })
  }

  /**
   * Says how this device is; resolves when the server has taken it.
   *
   * @param {DeviceStatus} status
   */
  deviceStatus(status) {
    return this.request('device_status', status)
  }
}

function closed() {
  return new DownbeatError('closed', 'the session was closed')
}

import { Emitter } from './emitter.js'
import { DownbeatError } from './signaling.js'
import * as wire from './wire.js'

/**
 * @import { ToEngine } from './engine.js'
 * @import { AnswerData, RequestData } from './wire.js'
 */

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
 * @property {{url: string, label?: string, language?: string}[]} [subtitles]  WebVTT files, at most 8
 * @property {boolean} [loop]
 */

/**
 * How a device's player is doing.
 *
 * @typedef {object} MediaStatus
 * @property {string} mediaUrl
 * @property {'idle' | 'loading' | 'ready' | 'playing' | 'paused' | 'buffering' | 'seeking' | 'failed' | 'ended' | 'blocked'} state
 * @property {string} [error]      why it failed
 * @property {number} [driftMs]    media position less the timeline's
 * @property {number} [durationS]
 */

/**
 * How the device is, for those who watch over the session.
 *
 * @typedef {object} DeviceStatus
 * @property {number} [battery]       0 to 1
 * @property {boolean} [charging]
 * @property {'ready' | 'recording' | 'covered' | 'frozen' | 'lost' | 'refused' | 'off' | 'none'} [camera]
 * @property {number} [pendingBytes]  recorded, and not yet uploaded
 * @property {number} [freeBytes]     left for recordings
 * @property {string} [note]
 * @property {MediaStatus} [media]  of a player; `mediaStatus` sends it with the rest
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
  /** @type {DeviceStatus} */ #status = {}

  /** @param {(message: ToEngine) => void} post  to the engine */
  constructor(post) {
    super()
    this.#post = post
  }

  /**
   * Sends a request and resolves to its answer's data.
   *
   * @template {keyof RequestData} E
   * @param {E} event
   * @param {RequestData[E]} [data]
   * @returns {Promise<AnswerData[E]>}
   */
  request(event, data) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(closed())
      this.#asked.set(id, { resolve, reject })
      this.#post({ type: 'request', id, event, data: data ?? {} })
    })
  }

  /**
   * Sends an event that needs no answer.
   *
   * @template {keyof RequestData} E
   * @param {E} event
   * @param {RequestData[E]} [data]
   */
  send(event, data) {
    this.#post({ type: 'send', event, data: data ?? {} })
  }

  /**
   * Sends an event that may be lost: over the data channel where it is open, so that it stands
   * in nobody's way, else over the WebSocket; not at all while what was sent before still waits.
   *
   * @template {keyof RequestData} E
   * @param {E} event
   * @param {RequestData[E]} [data]
   */
  sendAside(event, data) {
    this.#post({ type: 'aside', event, data: data ?? {} })
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
   * in ms, neither: as soon as all devices can. A device that would act later than `maxLateMs`
   * after it doesn't, 1000 by default.
   *
   * @param {string} name
   * @param {unknown} [payload]
   * @param {{at?: number, delay?: number, maxLateMs?: number}} [when]
   * @returns {Promise<Scheduled>}
   */
  schedule(name, payload, when = {}) {
    return this.request(wire.SCHEDULE, { name, payload, ...when })
  }

  /**
   * Takes a command back (leader), until its instant.
   *
   * @param {string} commandId
   */
  cancel(commandId) {
    return this.request(wire.CANCEL, { commandId })
  }

  /**
   * Starts a take on every device that has a deviceType (leader).
   *
   * @param {string} [postureLabel]
   * @param {number} [duration]  ms; 0 = until stopped
   * @param {{at?: number, delay?: number, devices?: string[]}} [when]  as for `schedule`; `devices`: the ids of those that record, of those that can
   * @returns {Promise<Scheduled>}
   */
  startRecording(postureLabel = '', duration = 0, when = {}) {
    return this.request(wire.START_RECORDING, { postureLabel, duration, ...when })
  }

  /**
   * Ends the take (leader).
   *
   * @returns {Promise<Scheduled>}
   */
  stopRecording() {
    return this.request(wire.STOP_RECORDING)
  }

  /**
   * Puts another medium on the timeline, paused at its beginning (leader).
   *
   * @param {Media} media
   */
  loadMedia(media) {
    return this.request(wire.LOAD_MEDIA, media)
  }

  /**
   * Changes playback for everybody, as soon as all devices can (leader).
   *
   * @param {PlaybackChange} change
   * @returns {Promise<Scheduled>}
   */
  syncPlayback(change) {
    return this.request(wire.SYNC_PLAYBACK, change)
  }

  /**
   * Changes how the media is played for everybody (leader); what is left out stays
   * as it is.
   *
   * @param {{loop?: boolean, waitForAll?: boolean, waitLimitMs?: number}} options
   */
  playbackOptions(options) {
    return this.request(wire.PLAYBACK_OPTIONS, options)
  }

  /**
   * Tells how long media is that is loaded, s; the first word counts.
   *
   * @param {string} mediaUrl
   * @param {number} mediaDuration
   */
  mediaInfo(mediaUrl, mediaDuration) {
    return this.request(wire.MEDIA_INFO, { mediaUrl, mediaDuration })
  }

  /**
   * Says whether this device has to load before it can go on.
   *
   * @param {string} mediaUrl
   * @param {boolean} buffering
   */
  buffering(mediaUrl, buffering) {
    return this.request(wire.BUFFERING, { mediaUrl, buffering })
  }

  /** @param {number} [position]  s; from where it stands by default, at the end from the beginning */
  play(position) {
    return this.syncPlayback({ isPlaying: true, position })
  }

  /** @param {number} [position]  s; where it is by then by default */
  pause(position) {
    return this.syncPlayback({ isPlaying: false, position })
  }

  /** Leadership, which is granted while the leader is away. */
  requestLeadership() {
    return this.request(wire.REQUEST_LEADERSHIP)
  }

  /**
   * Says where this device's media really was, and resolves to where it should be.
   *
   * @param {number} reportedPosition  s
   * @param {number} reportedTime      session time at which it was there, ms
   */
  reportDesync(reportedPosition, reportedTime) {
    return this.request(wire.REPORT_DESYNC, { reportedPosition, reportedTime })
  }

  /**
   * Says how this device is; resolves when the server has taken it.
   *
   * @param {DeviceStatus} status
   */
  deviceStatus(status) {
    const { media } = this.#status
    this.#status = media && !status.media ? { ...status, media } : status
    return this.request(wire.DEVICE_STATUS, this.#status)
  }

  /**
   * Says how this device's player is doing, and the rest as it was said last.
   *
   * @param {MediaStatus} media
   */
  mediaStatus(media) {
    return this.deviceStatus({ ...this.#status, media })
  }
}

function closed() {
  return new DownbeatError('closed', 'the session was closed')
}

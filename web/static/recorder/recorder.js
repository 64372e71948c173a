import { Emitter } from '../lib/emitter.js'
import { DownbeatError } from '../lib/signaling.js'
import { Awake } from './awake.js'
import { listDevices, openCamera } from './camera.js'
import { Desk } from './desk.js'
import { Director } from './director.js'
import { plug } from './plug.js'
import { Status } from './status.js'
import { Tape } from './tape.js'
import { troubleOf } from './trouble.js'
import { Underway } from './underway.js'

/** @import { Session } from '../lib/session.js' */
/** @import { Choices } from './camera.js' */
/** @import { TakeState } from './shelf.js' */

/**
 * @typedef {object} RecorderOptions
 * @property {boolean | MediaTrackConstraints} [video]  true by default
 * @property {boolean | MediaTrackConstraints} [audio]  true by default; without what browsers do to voices
 * @property {MediaStream} [stream]     records that instead of a camera; its tracks stay the caller's
 * @property {boolean} [upload]         false: recordings stay in this browser
 * @property {string} [authorization]   key or token to upload with; the session's by default
 * @property {'webcodecs' | 'mediarecorder'} [method]  the best that there is by default
 */

/**
 * `closed` → `ready` (the camera is open) → `armed` (a take is coming, the encoder
 * runs) → `recording` → `finishing` (the file is being completed) → `ready`.
 *
 * @typedef {'closed' | 'ready' | 'armed' | 'recording' | 'finishing'} RecorderState
 */

/** A camera whose capture times aren't known by then is opened all the same, ms. */
const SETTLING = 2000

/**
 * Records one device's part of every take of its session. Dispatches, with
 * `detail`: `state` and `takes` when these changed, `stream` when another one is to
 * be shown, `countdown` with `{ms, timestamp, label}` ten times a second while a
 * take is coming, and `trouble` with `{code, message, fatal}`.
 *
 * It handles the session's `start_recording` and `stop_recording`, so that nothing else on
 * the page may.
 */
export class Recorder extends Emitter {
  #session
  #options
  /** @type {Choices} */ #choices = {}
  /** @type {Desk | null} */ #desk = null
  /** @type {Director | null} */ #director = null
  /** @type {Status | null} */ #status = null
  #underway
  /** @type {Awake | null} */ #awake = null
  /** @type {MediaStream | null} */ #stream = null
  /** @type {RecorderState} */ #state = 'closed'
  /** @type {Map<string, TakeState>} */ #takes = new Map()
  /** @type {Map<string, (blob: Blob) => void>} */ #files = new Map()
  /** @type {(() => void)[]} */ #undo = []
  #lasting = false
  #settled = () => {}

  /**
   * @param {Session} session
   * @param {RecorderOptions} [options]
   */
  constructor(session, options = {}) {
    super()
    this.#session = session
    this.#underway = new Underway(session)
    this.#options = { video: true, audio: true, upload: true, ...options }
  }

  /** What is or would be recorded, to be shown; null while closed. */
  get stream() {
    return this.#stream
  }

  get state() {
    return this.#state
  }

  /** The recordings that this page knows of, the oldest first. */
  get takes() {
    return [...this.#takes.values()]
  }

  /** Do recordings survive this page? Where not, it mustn't be closed before they are uploaded. */
  get lasting() {
    return this.#lasting
  }

  /** How frames are taken: `webcodecs` cuts exactly, `mediarecorder` to a frame. */
  get method() {
    const exact = 'MediaStreamTrackProcessor' in globalThis && 'VideoEncoder' in globalThis
    return this.#options.method ?? (exact ? 'webcodecs' : 'mediarecorder')
  }

  devices() {
    return listDevices()
  }

  /**
   * Asks for the camera, takes up what an earlier page left, and records from
   * now on when told to. Rejects with a DownbeatError that says what to do:
   * `insecure`, `no_camera`, `camera_refused`, `camera_busy`, `unsupported`.
   */
  async open() {
    if (this.#state !== 'closed') return
    if (this.method === 'mediarecorder' && !Tape.type) throw new DownbeatError('unsupported', 'This browser can’t record. Try a current Chrome, Safari or Firefox.')
    const status = (this.#status ??= new Status(this.#session, () => this.#pending))
    try {
      this.#stream = this.#options.stream ?? (await this.#camera())
    } catch (error) {
      const { code } = /** @type {DownbeatError} */ (error)
      status.camera = code === 'camera_refused' ? 'refused' : 'off'
      throw error
    }
    await this.#openDesk()
    await this.#plug()
    if (this.method === 'webcodecs') await this.#settledSoon()
    this.#listen()
    this.#setState('ready')
    status.camera = 'ready'
  }

  /** Until it is known when frames are captured: a second, with a camera that says so. */
  #settledSoon() {
    return Promise.race([
      new Promise(resolve => (this.#settled = () => resolve(undefined))),
      new Promise(resolve => setTimeout(resolve, SETTLING)),
    ])
  }

  #camera() {
    const { video = true, audio = true } = this.#options
    return openCamera({ video, audio }, this.#choices)
  }

  /** @returns {Promise<void>} */
  #openDesk() {
    const { server } = this.#session
    const { upload, authorization = server.authorization } = this.#options
    return new Promise((resolve, reject) => {
      const desk = new Desk(m => {
        if (m.type === 'ready') return desk.post({ type: 'open', server: upload ? { url: server.url, authorization } : null })
        if (m.type === 'opened') return resolve(this.#opened(m))
        if (m.type === 'broken') reject(new DownbeatError('unsupported', troubleOf('recorder_broken').message))
        this.#receive(m)
      })
      this.#desk = desk
    })
  }

  /** @param {{lasting: boolean, found: any[]}} m */
  #opened({ lasting, found }) {
    this.#lasting = lasting
    if (!lasting) this.#trouble('no_storage')
    this.#director = new Director(this.#session, /** @type {Desk} */ (this.#desk), this.#underway, {
      able: () => this.#live,
      state: () => this.#settle(),
      countdown: detail => this.emit('countdown', detail),
      trouble: (code, detail) => this.#trouble(code, detail),
    })
    for (const left of found) this.#director.recovered(left)
  }

  /** Gives the tracks to the worker, or to MediaRecorder. */
  async #plug() {
    const stream = /** @type {MediaStream} */ (this.#stream)
    const director = /** @type {Director} */ (this.#director)
    const exact = this.method === 'webcodecs'
    director.stream = exact ? null : stream
    const unplug = await plug(stream, /** @type {Desk} */ (this.#desk), exact ? this.#session.resolution : null, {
      saw: capture => director.saw(capture),
      lost: kind => this.#lost(kind),
      muted: () => this.#trouble('camera_muted'),
    })
    this.#undo.push(unplug)
  }

  /** @param {string} kind  of the track that ended */
  #lost(kind) {
    const video = kind === 'video'
    this.#trouble(video ? 'camera_lost' : 'microphone_lost')
    if (video && this.#status) this.#status.camera = 'lost'
  }

  #listen() {
    const hurry = () => this.#desk?.post({ type: 'hurry' })
    const ending = new AbortController()
    addEventListener('online', hurry, { signal: ending.signal })
    this.#undo.push(() => ending.abort(), this.#session.on('session_joined', hurry))
    this.#awake = new Awake()
    this.#director?.open()
  }

  /**
   * Switches camera or microphone; not while a take is coming or under way.
   * Rejects as `open` does, and with `recording`.
   *
   * @param {Choices} choices
   */
  async choose(choices) {
    Object.assign(this.#choices, choices)
    if (this.#state === 'closed' || this.#options.stream) return
    if (this.#state !== 'ready') throw new DownbeatError('recording', 'The camera can’t be switched during a take.', true)
    this.#unplug()
    this.#stream = await this.#camera() // most phones open one camera at a time
    await this.#plug()
    if (this.#status) this.#status.camera = 'ready'
    this.emit('stream', this.#stream)
  }

  #unplug() {
    for (const undo of this.#undo.splice(0)) undo()
    if (!this.#options.stream) for (const track of this.#stream?.getTracks() ?? []) track.stop()
    this.#stream = null
  }

  /**
   * A recording that is still kept here, as a file; null otherwise.
   *
   * @param {string} recordingId
   * @returns {Promise<Blob | null>}
   */
  async file(recordingId) {
    const take = this.#takes.get(recordingId)
    if (!this.#desk || !take || take.state === 'uploaded') return null
    return new Promise(resolve => {
      this.#files.set(recordingId, resolve)
      this.#desk?.post({ type: 'file', id: recordingId })
    })
  }

  /**
   * Deletes a recording that is kept here, uploaded or not.
   *
   * @param {string} recordingId
   */
  discard(recordingId) {
    if (this.#takes.get(recordingId)?.state === 'recording') return
    this.#desk?.post({ type: 'discard', id: recordingId })
    if (this.#takes.delete(recordingId)) this.emit('takes', this.takes)
  }

  /** @param {any} m  from the worker */
  #receive(m) {
    switch (m.type) {
      case 'take': return this.#took(m.take)
      case 'file': return this.#filed(m)
      case 'frozen': return this.#frozen(true)
      case 'flowing': return this.#frozen(false)
      case 'settled': return this.#settled()
      case 'broken': return this.#trouble('recorder_broken', m.error)
      default: this.#director?.receive(m)
    }
  }

  /** @param {TakeState} take */
  #took(take) {
    const before = this.#takes.get(take.recordingId)?.state
    this.#takes.set(take.recordingId, take)
    this.emit('takes', this.takes)
    if (before !== take.state) void this.#status?.tell()
  }

  /** @param {{id: string, blob: Blob}} m */
  #filed({ id, blob }) {
    this.#files.get(id)?.(blob)
    this.#files.delete(id)
  }

  /** @param {boolean} frozen */
  #frozen(frozen) {
    if (frozen) this.#trouble('camera_frozen')
    if (frozen && this.#status) this.#status.camera = 'frozen'
    else this.#settle()
  }

  /** Is there something to record? */
  get #live() {
    const tracks = this.#stream?.getTracks() ?? []
    const video = tracks.filter(({ kind }) => kind === 'video')
    return (video.length ? video : tracks).some(({ readyState }) => readyState === 'live')
  }

  get #pending() {
    return this.takes.reduce((sum, { bytes, uploadedBytes }) => sum + bytes - uploadedBytes, 0)
  }

  #settle() {
    if (this.#state === 'closed') return
    const state = this.#director?.state ?? 'ready'
    if (this.#awake) this.#awake.on = state !== 'ready'
    const lost = this.#stream?.getVideoTracks().some(track => track.readyState === 'ended')
    if (this.#status && !lost) this.#status.camera = state === 'recording' ? 'recording' : 'ready'
    this.#setState(state)
  }

  /** @param {RecorderState} state */
  #setState(state) {
    if (state === this.#state) return
    this.#state = state
    this.emit('state', state)
  }

  /**
   * @param {string} code
   * @param {string} [detail]
   */
  #trouble(code, detail) {
    this.emit('trouble', troubleOf(code, detail))
  }

  /**
   * Closes the camera and undoes everything. A take under way ends with what
   * is stored of it; that, and what isn't uploaded yet, goes on with the next `open`.
   */
  close() {
    if (this.#state === 'closed') return
    this.#unplug()
    this.#director?.close()
    this.#desk?.close()
    this.#awake?.close()
    this.#status?.close()
    this.#desk = this.#director = this.#awake = this.#status = null
    this.#setState('closed')
  }
}

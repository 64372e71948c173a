import { Emitter } from '../lib/emitter.js'
import { DownbeatError } from '../lib/signaling.js'
import { WakeLock } from '../lib/wakelock.js'
import { within } from './devicetake.js'
import { listDevices } from './camera.js'
import { openWorker } from './recorderworker.js'
import { TakeController } from './takecontroller.js'
import { SettingsFollower } from './settingsfollower.js'
import { LocalMedia } from './localmedia.js'
import { Monitor } from './monitor.js'
import { methodOf, mustRecord } from './options.js'
import { Recordings } from './recordings.js'
import { Troubles } from './recordertroubles.js'
import { SessionTake } from './sessiontake.js'
import { DeviceHealth } from './devicehealth.js'
import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */
/** @import { Choices } from './camera.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { RecorderOptions } from './options.js' */
/** @import { CameraSettings } from './settings.js' */
/** @import { TakeState } from './uploadqueue.js' */
/** @import { FromRecorder } from './recorderengine.js' */

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
 * take is coming, `trouble` with `{code, message, fatal}`, and `cleared` with `{code}`
 * when what a trouble said no longer holds.
 *
 * It handles the session's `start_recording` and `stop_recording`, so that nothing else on
 * the page may.
 */
export class Recorder extends Emitter {
  #session
  #options
  #sessionTake
  #troubles = new Troubles(trouble => this.emit('trouble', trouble), code => this.emit('cleared', { code }))
  /** @type {LocalMedia | null} */ #media = null
  /** @type {RecorderWorker | null} */ #worker = null
  /** @type {TakeController | null} */ #controller = null
  /** @type {DeviceHealth | null} */ #health = null
  #follower
  /** @type {WakeLock | null} */ #awake = null
  /** @type {Monitor | null} */ #monitor = null
  /** @type {RecorderState} */ #state = 'closed'
  #recordings = new Recordings(m => this.#worker?.post(m), (before, now) => this.#took(before, now))
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
    this.#sessionTake = new SessionTake(session)
    this.#follower = this.#newFollower()
    this.#options = { video: true, audio: true, upload: true, ...options }
  }

  /** What is or would be recorded, to be shown; null while closed. */
  get stream() {
    return this.#media?.stream ?? null
  }

  get state() {
    return this.#state
  }

  /** The recordings that this page knows of, the oldest first. */
  get takes() {
    return this.#recordings.all
  }

  /** What is wrong now: said by `trouble`, and not yet taken back by `cleared`. */
  get troubles() {
    return this.#troubles.all
  }

  /** Do recordings survive this page? Where not, it mustn't be closed before they are uploaded. */
  get lasting() {
    return this.#lasting
  }

  /** How frames are taken: `webcodecs` cuts exactly, `mediarecorder` to a frame. */
  get method() {
    return methodOf(this.#options)
  }

  devices() {
    return listDevices()
  }

  /**
   * Asks for the camera, takes up what an earlier page left, and records from now on when told
   * to: at once, if a take goes on. Rejects with a DownbeatError that says what to do: `insecure`, `no_camera`, `camera_refused`, `camera_busy`, `unsupported`.
   */
  async open() {
    if (this.#state !== 'closed') return
    mustRecord(this.#options)
    const health = (this.#health ??= this.#newHealth())
    const media = (this.#media ??= this.#newMedia())
    const { settings } = this.#follower
    try {
      void media.configure(settings)
      await media.open()
    } catch (error) {
      health.refused(/** @type {DownbeatError} */ (error).code)
      throw error
    }
    const worker = await this.#openWorker()
    await media.connect(worker)
    // Until it is known when frames are captured: a second, with a camera that says so.
    if (this.method === 'webcodecs') await within(new Promise(resolve => (this.#settled = () => resolve(undefined))), SETTLING)
    this.#listen()
    this.#setState('ready')
    this.#settle()
    void this.#follower.opened(settings)
  }

  #newFollower() {
    return new SettingsFollower(this.#session, {
      media: () => this.#media,
      idle: () => this.#state === 'ready',
      prefer: prefer => this.method === 'webcodecs' && this.#worker?.post({ type: 'choose', prefer }),
      refused: refused => this.#health?.warnings.set('setting_refused', refused),
      told: () => this.#health?.status.soon(),
    })
  }

  #newHealth() {
    return new DeviceHealth(this.#session, this.#options.upload !== false, {
      takes: () => this.takes,
      media: () => this.#media,
      settings: () => this.#follower.told,
      noted: (code, value) => this.#controller?.noted(code, value),
      clear: (...codes) => this.#troubles.clear(...codes),
    })
  }

  #newMedia() {
    const { video = true, audio = true, stream } = this.#options
    return new LocalMedia({ video, audio }, stream, this.method === 'webcodecs' ? this.#session.resolution : null, {
      saw: capture => this.#controller?.saw(capture),
      health: health => this.#health?.update(health),
      lost: kind => {
        this.#troubles.lost(kind)
        this.#settle()
      },
      muted: muted => this.#troubles.muted(muted),
      microphoneBack: () => {
        this.#troubles.clear('microphone_lost')
        this.#settle()
      },
      back: () => this.#follower.back(),
      swapped: () => this.#swapped(),
    })
  }

  async #openWorker() {
    const { server } = this.#session
    const { upload, authorization = server.authorization } = this.#options
    const { worker, lasting, found } = await openWorker(upload ? { ...server, authorization } : null, m => this.#receive(m))
    this.#worker = worker
    this.#lasting = lasting
    if (!lasting) this.#troubles.say('no_storage')
    this.#controller = new TakeController(this.#session, worker, this.#sessionTake, {
      prefer: () => this.#follower.prefer,
      able: () => this.#media?.live === true,
      stream: () => (this.method === 'webcodecs' ? null : this.stream),
      state: () => this.#settle(),
      begun: () => this.#troubles.begun(),
      countdown: detail => this.emit('countdown', detail),
      trouble: (code, detail) => this.#troubles.say(code, detail),
      warn: (code, value) => this.#health?.warnings.set(code, value),
    })
    for (const left of found) this.#controller.recovered(left)
    return worker
  }

  /** The stream is another one. */
  #swapped() {
    this.#troubles.swapped()
    this.#health?.swapped()
    this.#settle()
    this.#controller?.again()
    this.emit('stream', this.stream)
  }

  #listen() {
    this.#undo.push(this.#session.on(wire.SESSION_JOINED, () => this.#worker?.post({ type: 'hurry' })))
    this.#awake = new WakeLock()
    this.#controller?.open()
    const worker = this.method === 'webcodecs' ? this.#worker : null
    this.#monitor = new Monitor(this.#session, worker, /** @type {LocalMedia} */ (this.#media), () => this.#state)
  }

  /**
   * Switches camera or microphone; not while a take is coming or under way. When one can't be
   * opened, the one before it goes on. Rejects as `open` does, and with `recording`.
   *
   * @param {Choices} choices
   */
  async choose(choices) {
    if (this.#state !== 'ready' && this.#state !== 'closed') throw new DownbeatError('recording', 'The camera can’t be switched during a take.', true)
    this.#media ??= this.#newMedia()
    await this.#media.choose(choices)
  }

  /**
   * Other settings of this page's own, below the leader's: at once, or after the take.
   *
   * @param {CameraSettings} settings
   */
  configure(settings) {
    this.#follower.page = settings
  }

  /** @param {string} recordingId  of one that is still kept here: its file, null otherwise */
  async file(recordingId) {
    return this.#worker ? this.#recordings.file(recordingId) : null
  }

  /**
   * Deletes a recording that is kept here, uploaded or not.
   *
   * @param {string} recordingId
   */
  discard(recordingId) {
    this.#recordings.discard(recordingId)
  }

  /** @param {FromRecorder} m */
  #receive(m) {
    switch (m.type) {
      case 'take': return this.#recordings.took(m.take)
      case 'file': return this.#recordings.filed(m)
      case 'frozen': case 'flowing':
        this.#troubles.frozen(m.type === 'frozen')
        return this.#settle()
      case 'health': return this.#health?.update(m)
      case 'chosen': return this.#follower.chosen(m)
      case 'preview': return this.#monitor?.got(m)
      case 'settled': return this.#settled()
      case 'broken': return this.#troubles.say('recorder_broken', m.error)
      default: this.#controller?.receive(m)
    }
  }

  /**
   * @param {TakeState} [before]
   * @param {TakeState} [now]
   */
  #took(before, now) {
    this.emit('takes', this.takes)
    if (this.takes.every(({ state }) => state === 'uploaded')) this.#troubles.clear('interrupted')
    if (before?.state !== now?.state) this.#health?.status.soon()
  }

  #settle() {
    if (this.#state === 'closed') return
    const state = this.#controller?.state ?? 'ready'
    if (this.#awake) this.#awake.needed = state !== 'ready'
    this.#health?.settle(state, this.#troubles.has('camera_frozen'))
    this.#setState(state)
  }

  /** @param {RecorderState} state */
  #setState(state) {
    if (state === this.#state) return
    this.#state = state
    this.emit('state', state)
    if (state === 'ready') void this.#follower.follow()
  }

  /**
   * Closes the camera and undoes everything. A take under way ends with what
   * is stored of it; that, and what isn't uploaded yet, goes on with the next `open`.
   */
  close() {
    for (const undo of this.#undo.splice(0)) undo()
    for (const part of [this.#monitor, this.#media, this.#controller, this.#worker, this.#awake, this.#health]) part?.close()
    this.#monitor = this.#media = this.#worker = this.#controller = this.#awake = this.#health = null
    this.#troubles.clear(...this.troubles.map(({ code }) => code))
    this.#setState('closed')
  }
}

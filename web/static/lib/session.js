import { AudioClocks } from './audio.js'
import { at } from './at.js'
import { Follower } from './clockmap.js'
import { Commands } from './commands.js'
import { Host } from './host.js'
import { watchPage } from './page.js'
import { Peer } from './peer.js'
import { recall, remember } from './resume.js'
import { DownbeatError, socketURL } from './signaling.js'

/** @import { JoinOptions } from '../downbeat.js' */
/** @import { CommandHandler, Prepared } from './commands.js' */


/**
 * `connecting` → `syncing` (joined, session time unknown) → `synced`;
 * `reconnecting` while the connection is lost (session time goes on), `closed`
 * at the end.
 *
 * @typedef {'connecting' | 'syncing' | 'synced' | 'reconnecting' | 'closed'} State
 */

/**
 * One device in one session. Dispatches every event of the protocol under its
 * name, with its data as `detail`; `clock` when session time, bound, path or
 * state changed; `closed` with `{code, message}` when the server wants it gone.
 * Made by `join`.
 */
export class Session extends EventTarget {
  #options
  #host
  #peer
  #clock = new Follower()
  #commands
  /** @type {Map<number, {resolve: (data: any) => void, reject: (error: Error) => void}>} */ #asked = new Map()
  #lastId = 0
  /** @type {State} */ #state = 'connecting'
  #channel = false
  /** @type {'udp' | 'tcp'} */ #transport = 'udp'
  #joined = false
  #audio = new AudioClocks()
  #ending = new AbortController()
  /** @type {{resolve: () => void, reject: (e: Error) => void}} */ #entering
  #entered
  sessionId
  userId = ''
  deviceId = ''
  isLeader = false
  /** The key in the session's join link, where the server has such keys. */
  joinKey = ''
  /** The session's members and playback, as of the last message that held them. */
  /** @type {any} */ session = null

  /** @param {JoinOptions} options */
  constructor(options) {
    super()
    this.#options = options
    this.sessionId = options.sessionId
    this.#commands = new Commands(this.#clock, (event, data) => this.#host.post({ type: 'send', event, data }))
    this.#host = new Host(m => this.#receive(m))
    this.#peer = new Peer({
      channels: (clock, control) => this.#host.adopt(clock, control),
      candidate: candidate => this.#host.post({ type: 'candidate', candidate }),
      connected: transport => (this.#transport = transport),
      broken: () => this.#offer(),
    })
    this.#entering = { resolve() {}, reject() {} }
    this.#entered = new Promise((resolve, reject) => (this.#entering = { resolve: () => resolve(undefined), reject }))
  }

  /** Joins; rejects with a DownbeatError when the server refuses. */
  async enter() {
    const { url = location.origin, actions, resume = true, ...join } = this.#options
    const kept = resume && !join.resumeToken ? recall(this.#storageKey()) : undefined
    this.#peer.warm()
    const [resumeToken] = await Promise.all([kept, this.#host.start()])
    this.#relate()
    this.#watch()
    this.#host.post({
      type: 'open',
      url: socketURL(url),
      join: { userAgent: navigator.userAgent.slice(0, 512), ...join, ...(resumeToken ? { resumeToken } : {}) },
      actions: actions && new URL(actions, location.href).href,
      hidden: document.visibilityState === 'hidden',
    })
    await this.#entered
  }

  #storageKey() {
    return `downbeat:${this.#options.sessionId}:${this.#options.deviceType ?? 'user'}`
  }

  #relate() {
    this.#clock.shift = this.#host.relation.shift
    this.#clock.shiftError = this.#host.relation.error
  }

  #watch() {
    watchPage(this.#ending.signal, {
      hidden: hidden => this.#host.post({ type: 'hidden', hidden }),
      moved: () => this.#networkChanged(),
      gone: () => this.#peer.close(),
    })
  }

  #networkChanged() {
    if (this.#joined) this.resync()
    if (this.#joined) this.#offer()
  }

  async #offer() {
    try {
      this.#host.post({ type: 'offer', sdp: await this.#peer.offer() })
    } catch (error) {
      this.#host.post({ type: 'offer', sdp: '' })
      this.#emit('failed', { message: `WebRTC: ${error}` })
    }
  }

  /** @param {any} m  from the engine */
  #receive(m) {
    switch (m.type) {
      case 'event': return this.#event(m.event, m.data)
      case 'clock': return this.#clockMoved(m)
      case 'offer-wanted': return void this.#offer()
      case 'answer': return void this.#answered(m.sdp)
      case 'reply': return this.#replied(m)
      case 'acted': return this.#emit('acted', m)
      case 'failed': return this.#emit('failed', m)
      case 'reconnecting': return this.#reconnecting(m)
      case 'refused': return this.#refused(m)
    }
  }

  /** @param {string} sdp */
  #answered(sdp) {
    this.#peer.answer(sdp).catch(error => this.#emit('failed', { message: `WebRTC: ${error}` }))
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #event(event, data) {
    if (event === 'session_joined') this.#welcome(data)
    if (event === 'session_state') this.session = data
    if (event === 'leadership_changed') this.isLeader = data.newLeaderId === this.userId
    if (event === 'candidate') this.#peer.candidate(data.candidate).catch(() => {})
    this.#commands.receive(event, data)
    this.#emit(event, data)
  }

  /** @param {any} data */
  #welcome(data) {
    this.userId = data.userId
    this.deviceId = data.deviceId
    this.isLeader = data.isLeader
    this.session = data.session
    this.joinKey = data.joinKey ?? ''
    this.#joined = true
    if (data.resumeToken && this.#options.resume !== false) {
      remember(this.#storageKey(), data.resumeToken).catch(() => {})
    }
    this.#settle()
    this.#entering.resolve()
  }

  /** @param {{course: any, doubted: boolean, channel: boolean}} m */
  #clockMoved({ course, doubted, channel }) {
    this.#clock.adopt(course, doubted)
    this.#channel = channel
    this.#settle()
  }

  /** @param {{reason: string, inMs: number}} m */
  #reconnecting(m) {
    this.#joined = false
    if (this.#state !== 'connecting') this.#state = 'reconnecting'
    this.#emit('reconnecting', m)
    this.#emit('clock', null)
  }

  /** @param {{code: string, message: string}} m */
  #refused({ code, message }) {
    this.#entering.reject(new DownbeatError(code, message))
    this.#emit('closed', { code, message })
    this.close()
  }

  #settle() {
    if (this.#state === 'closed') return
    if (this.#joined) this.#state = this.#clock.valid && !this.#clock.doubted ? 'synced' : 'syncing'
    this.#emit('clock', null)
  }

  /**
   * @param {string} name
   * @param {unknown} detail
   */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }

  /** @returns {State} */
  get state() {
    return this.#state
  }

  /** '' until a ping has come: 'websocket', 'udp' or 'tcp'. */
  get path() {
    if (!this.#clock.valid) return ''
    return this.#channel ? this.#transport : 'websocket'
  }

  /** Where clock frames are answered: a 'page' that is busy adds jitter. */
  get clockThread() {
    return this.#host.clockThread
  }

  /** The smallest step of performance.now(), ms. */
  get resolution() {
    return this.#host.resolution
  }

  /** The error of `now()` that is not exceeded with 99 % confidence, ms; Infinity while unknown. */
  get bound() {
    return this.#clock.bound(performance.now())
  }

  /** Session time, ms since the Unix epoch; NaN while unknown. Monotonic but for steps of the whole map. */
  now() {
    return this.#clock.toSession(performance.now())
  }

  /**
   * performance.now() of the page at session time `t`, ms.
   *
   * @param {number} t
   */
  toDevice(t) {
    return this.#clock.toDevice(t)
  }

  /**
   * Session time at the page's performance.now() `d`, ms.
   *
   * @param {number} d
   */
  toSession(d) {
    return this.#clock.toSession(d)
  }

  /**
   * The time of `ctx` at which to start a source so that it is heard at
   * session time `t`, s. Follows the context's clock from the first call on;
   * good after about a second.
   *
   * @param {AudioContext} ctx
   * @param {number} t
   */
  toAudio(ctx, t) {
    return this.#audio.of(ctx).toAudio(this.toDevice(t))
  }

  /**
   * Calls `fn` on the page at session time `t`, or, given a name, that export
   * of the actions module in the worker, with `payload`. At once when `t` has
   * passed. Returns a function that calls it off.
   *
   * @param {number} t
   * @param {((instant: import('./at.js').Instant) => void) | string} fn
   * @param {unknown} [payload]
   * @returns {() => void}
   */
  at(t, fn, payload) {
    if (typeof fn === 'function') return at(this.#clock, t, fn)
    const id = ++this.#lastId
    this.#host.post({ type: 'at', id, t, action: fn, payload })
    return () => this.#host.post({ type: 'cancelAt', id })
  }

  /**
   * Handles a command (or `start_recording`, `stop_recording`,
   * `playback_sync`): arms it, calls `fn` at its timestamp, reports when that
   * was. With a name instead of a function that export of the actions module
   * does it in the worker. Returns a function that takes the handler away.
   *
   * @param {string} name
   * @param {CommandHandler | string} fn
   * @param {Prepared} [options]
   * @returns {() => void}
   */
  onCommand(name, fn, options) {
    const inWorker = typeof fn === 'string'
    this.#host.post({ type: 'handler', name, action: inWorker ? fn : null })
    this.#commands.handle(name, inWorker ? null : fn, options)
    return () => {
      this.#host.post({ type: 'handler', name, action: null })
      this.#commands.handle(name, null)
    }
  }

  /**
   * Listens to an event's data; returns a function that ends it.
   *
   * @param {string} name
   * @param {(data: any) => void} fn
   */
  on(name, fn) {
    const listener = (/** @type {Event} */ event) => fn(/** @type {CustomEvent} */ (event).detail)
    this.addEventListener(name, listener)
    return () => this.removeEventListener(name, listener)
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
      this.#asked.set(id, { resolve, reject })
      this.#host.post({ type: 'request', id, event, data })
    })
  }

  /** @param {any} m */
  #replied({ id, data, error }) {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error) asked?.reject(new DownbeatError(error.code, error.message, error.retry))
    else asked?.resolve(data)
  }

  /**
   * Sends an event that needs no answer.
   *
   * @param {string} event
   * @param {object} [data]
   */
  send(event, data = {}) {
    this.#host.post({ type: 'send', event, data })
  }

  /**
   * Schedules a command for everybody (leader): `at` in session ms or `delay`
   * in ms, neither: as soon as all devices can.
   *
   * @param {string} name
   * @param {unknown} payload
   * @param {{at?: number, delay?: number}} [when]
   */
  schedule(name, payload, when = {}) {
    return this.request('schedule', { name, payload, ...when })
  }

  /**
   * @param {string} postureLabel
   * @param {number} [duration]  ms; 0 = until stopped
   */
  startRecording(postureLabel, duration = 0) {
    return this.request('start_recording', { postureLabel, duration })
  }

  stopRecording() {
    return this.request('stop_recording')
  }

  /** @param {string} commandId */
  cancel(commandId) {
    return this.request('cancel', { commandId })
  }

  requestLeadership() {
    return this.request('request_leadership')
  }

  /** The clock may have stopped or the network changed: measure anew. */
  async resync() {
    this.#host.post({ type: 'resync' })
    await this.#host.relate()
    this.#relate()
  }

  /** Leaves the session and undoes everything; no event comes after it. */
  close() {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#emit('clock', null)
    this.#ending.abort()
    this.#commands.cancelAll()
    this.#audio.close()
    this.#peer.close()
    this.#host.close()
    for (const { reject } of this.#asked.values()) reject(new DownbeatError('closed', 'the session was closed'))
    this.#asked.clear()
  }
}

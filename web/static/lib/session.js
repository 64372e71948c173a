import { socketsOf, serverOf } from './addresses.js'
import { Carrier } from './carrier.js'
import { Commands } from './commands.js'
import { Member } from './member.js'
import { lacking } from './page.js'
import { TimingProvider } from './provider.js'
import { Identity } from './resume.js'
import { DownbeatError } from './signaling.js'
import { PageTime } from './pagetime.js'
import { loadTrim, saveTrim } from './audiotrim.js'
import * as wire from './wire.js'

/** @import { JoinOptions } from '../downbeat.js' */
/** @import { Instant } from './at.js' */
/** @import { CommandHandler, Prepared } from './commands.js' */
/** @import { Course } from './clockmap.js' */
/** @import { FromEngine } from './engine.js' */
/** @import { Told } from './wire.js' */

/**
 * `connecting` → `syncing` (joined, session time unknown or doubted) → `synced`;
 * `reconnecting` while the connection is lost: session time goes on by what was
 * learnt, `bound` growing (holdover). `closed` at the end.
 *
 * @typedef {'connecting' | 'syncing' | 'synced' | 'reconnecting' | 'closed'} State
 */

/**
 * One device in one session. Dispatches every event of the protocol under its
 * name, with its data as `detail`, and of its own: `clock` when session time,
 * bound, path or state changed; `timeline` when it changed, as a rule ahead of
 * time, and `playback` when another state of it begins to hold; `closed` with
 * `{code, message}` when the server wants it gone; `failed` with `{message}`.
 * Made by `join`.
 */
export class Session extends Member {
  #options
  #carrier
  #time
  #commands
  #lastAct = 0
  /** @type {State} */ #state = 'connecting'
  #channel = false
  #joined = false
  /** The resumeToken. */
  #proof = ''
  #sockets
  /** The instance that the device has joined at last, or joins first. */
  #server
  /** @type {Identity | undefined} */ #identity
  #trim = loadTrim()
  /** @type {{resolve: () => void, reject: (e: Error) => void}} */ #entering
  #entered

  /** @param {JoinOptions} options */
  constructor(options) {
    const carrier = new Carrier({
      message: m => this.#receive(m),
      failed: message => this.emit('failed', { message }),
      related: () => time.related(),
    })
    const time = new PageTime(carrier.host)
    super(options.sessionId, m => carrier.post(m), { now: () => time.now(), at: (t, fn) => time.at(t, fn) })
    this.#options = options
    this.#sockets = socketsOf(options.url, options.urls)
    this.#server = serverOf(this.#sockets[0])
    this.#carrier = carrier
    this.#time = time
    this.#commands = new Commands(time.clock, (event, data) => {
      this.send(event, data)
      if (event === wire.MISSED) this.emit(event, data)
    })
    this.#entering = { resolve() {}, reject() {} }
    this.#entered = new Promise((resolve, reject) => (this.#entering = { resolve: () => resolve(undefined), reject }))
    this.#entered.catch(() => {}) // told by enter
  }

  /** Joins; rejects with a DownbeatError when the server refuses. */
  async enter() {
    const { url, urls, actions, resume = true, timeout, signal, ...join } = this.#options
    this.#patience(timeout, signal)
    const place = `${this.#server} ${join.sessionId}`
    if (resume) this.#identity = new Identity(place, join.deviceType, resume !== 'tab')
    const kept = join.resumeToken ? {} : this.#identity?.recall()
    const [tokens] = await Promise.all([kept, this.#carrier.start()])
    if (this.#state === 'closed') return this.#entered // given up meanwhile
    this.#carrier.open({
      urls: this.#sockets,
      join: { userAgent: navigator.userAgent.slice(0, 512), ...tokens, ...join },
      actions: actions && new URL(actions, location.href).href,
    })
    await this.#entered
  }

  /**
   * @param {number} [timeout]  ms
   * @param {AbortSignal} [signal]
   */
  #patience(timeout, signal) {
    const giveUp = (/** @type {Error} */ error) => {
      if (this.#state !== 'connecting') return
      this.#entering.reject(error)
      this.close()
    }
    if (timeout) setTimeout(() => giveUp(new DownbeatError('timeout', 'The server didn’t let this device in in time.', true)), timeout)
    if (signal?.aborted) giveUp(signal.reason)
    signal?.addEventListener('abort', () => giveUp(signal.reason), { once: true })
  }

  /** @param {FromEngine} m */
  #receive(m) {
    switch (m.type) {
      case 'event': return this.#event(.../** @type {Told} */ ([m.event, m.data]))
      case 'clock': return this.#clockMoved(m)
      case 'server': this.#server = m.url; return
      case 'woken': return this.#time.woken(m.id)
      case 'reply': return this.replied(m)
      case 'acted': return this.emit('acted', m)
      case 'failed': return this.emit('failed', m)
      case 'reconnecting': return this.#reconnecting(m)
      case 'refused': return this.#refused(m)
    }
  }

  /** @param {Told} told */
  #event(...told) {
    const [event, data] = told
    this.learn(...told)
    if (event === wire.SESSION_JOINED) this.#welcome(data)
    this.#commands.receive(event, data)
    this.emit(event, data)
  }

  /** @param {{resumeToken: string, userToken?: string}} data */
  #welcome({ resumeToken, userToken }) {
    this.#joined = true
    this.#proof = resumeToken
    this.#identity?.remember(resumeToken, userToken)
    this.#settle()
    this.#entering.resolve()
  }

  /** @param {{course: Course | null, doubted: boolean, channel: boolean}} m */
  #clockMoved({ course, doubted, channel }) {
    this.#time.clock.adopt(course, doubted)
    this.#channel = channel
    this.#settle()
  }

  /** @param {{reason: string, inMs: number, code?: string}} m */
  #reconnecting(m) {
    this.#joined = false
    if (this.#state !== 'connecting') this.#state = 'reconnecting'
    this.emit('reconnecting', m)
    this.emit('clock', null)
  }

  /** @param {{code: string, message: string, retry: boolean}} m */
  #refused({ code, message, retry }) {
    if (this.#state === 'closed') return
    this.#entering.reject(new DownbeatError(code, message, retry))
    this.emit('closed', { code, message })
    this.close()
  }

  #settle() {
    if (this.#state === 'closed') return
    const { valid, doubted } = this.#time.clock
    if (this.#joined) this.#state = valid && !doubted ? 'synced' : 'syncing'
    this.emit('clock', null)
  }

  /** @returns {State} */
  get state() {
    return this.#state
  }

  /** '' until a ping has come: 'websocket', 'udp' or 'tcp'. */
  get path() {
    if (!this.#time.clock.valid) return ''
    return this.#channel ? this.#carrier.transport : 'websocket'
  }

  /**
   * Where the server is that the device is at; the key or token that its HTTP API is asked with; and the proof that this
   * is the device, its resumeToken. '' where none is known.
   */
  get server() {
    const { key = '', token = '' } = this.#options
    return { url: this.#server, authorization: this.joinKey || token || key, proof: this.#proof }
  }

  /** Where clock frames are answered: a 'page' that is busy adds jitter. */
  get clockThread() {
    return this.#carrier.host.clockThread
  }

  /** The smallest step of performance.now(), ms. */
  get resolution() {
    return this.#carrier.host.resolution
  }

  /**
   * What this page has to do without, each at the cost of exactness: `worker`
   * (a busy page disturbs the clock), `webrtc` (the clock is measured over the
   * WebSocket), `isolation` (performance.now() is coarse).
   *
   * @returns {('worker' | 'webrtc' | 'isolation')[]}
   */
  get missing() {
    return lacking(this.#carrier.host.inWorker)
  }

  /** The error of `now()` that is not exceeded with 99 % confidence, ms; Infinity while unknown. */
  get bound() {
    return this.#time.bound
  }

  /** Session time, ms since the Unix epoch; NaN while unknown. Monotonic but for steps of the whole map. */
  now() {
    return this.#time.now()
  }

  /**
   * performance.now() of the page at session time `t`, ms.
   *
   * @param {number} t
   */
  toDevice(t) {
    return this.#time.clock.toDevice(t)
  }

  /**
   * Session time at the page's performance.now() `d`, ms.
   *
   * @param {number} d
   */
  toSession(d) {
    return this.#time.clock.toSession(d)
  }

  /**
   * The time of `ctx` at which to start a source so that it is heard at
   * session time `t`, s: what the browser knows of its output's latency counts, and
   * the trim. Follows the context's clock from the first call on; good after
   * about a second.
   *
   * @param {AudioContext} ctx
   * @param {number} t
   */
  toAudio(ctx, t) {
    return this.#time.toAudio(ctx, t, this.#trim)
  }

  /**
   * By how much later than the browser believes this device is heard, ms; set
   * by ear, for loudspeakers that are far away (Bluetooth, a television). Sound
   * starts that much earlier. Kept in localStorage, for this device.
   */
  get audioTrim() {
    return this.#trim
  }

  set audioTrim(ms) {
    this.#trim = saveTrim(ms)
  }

  /**
   * Calls `fn` on the page at session time `t`, or, given a name, that export
   * of the actions module in the worker, with `payload`. At once when `t` has
   * passed. Returns a function that calls it off.
   *
   * @param {number} t
   * @param {((instant: Instant) => void) | string} fn
   * @param {unknown} [payload]
   * @returns {() => void}
   */
  at(t, fn, payload) {
    if (typeof fn === 'function') return this.#time.at(t, fn)
    const id = ++this.#lastAct
    this.#carrier.post({ type: 'at', id, t, action: fn, payload })
    return () => this.#carrier.post({ type: 'cancelAt', id })
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
    this.#carrier.post({ type: 'handler', name, action: inWorker ? fn : null })
    this.#commands.handle(name, inWorker ? null : fn, options)
    return () => {
      this.#carrier.post({ type: 'handler', name, action: null })
      this.#commands.handle(name, null)
    }
  }

  /**
   * The timeline for `new TimingObject(session.timingProvider())`, of the npm
   * package `timing-object`; what it drives plays with everybody else.
   */
  timingProvider() {
    return new TimingProvider(this)
  }

  /** The clock may have stopped or the network changed: measure again. */
  resync() {
    return this.#carrier.resync()
  }

  /** Leaves the session; resolves once the server knows. No event comes after it. */
  async leave() {
    await this.request(wire.LEAVE_SESSION).catch(() => {}) // it will notice anyway
    this.close()
  }

  /** Leaves the session and undoes everything, at once; no event comes after it. */
  close() {
    if (this.#state === 'closed') return
    if (this.deviceId) this.#identity?.forget()
    else this.#identity?.release()
    this.#state = 'closed'
    this.emit('clock', null)
    this.#commands.cancelAll()
    this.stopPlaying()
    this.#time.close()
    this.#carrier.close()
    this.endCalls()
  }
}

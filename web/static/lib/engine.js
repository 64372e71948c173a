import { serverOf } from './addresses.js'
import { at } from './at.js'
import { Follower } from './clockmap.js'
import { Commands } from './commands.js'
import { Connection } from './connection.js'
import { Dedupe } from './dedupe.js'
import { DataChannels } from './datachannels.js'
import { Responder, resolutionOf } from './responder.js'
import { parseMessage } from './signaling.js'
import { watchSleep } from './sleepwatch.js'
import * as wire from './wire.js'

/** @import { Course } from './clockmap.js' */
/** @import { ClockMap } from './frames.js' */
/** @import { DownbeatError } from './signaling.js' */
/** @import { JoinSessionRequest, WireEvent } from './wire.js' */

/**
 * What the page says to the engine.
 *
 * @typedef {{type: 'probe', id: number}
 *   | {type: 'open', urls: string[], join: JoinSessionRequest, actions?: string, hidden: boolean}
 *   | {type: 'offer', sdp: string}
 *   | {type: 'candidate', candidate: string}
 *   | {type: 'channels', clock: RTCDataChannel, control: RTCDataChannel}
 *   | {type: 'map', map: ClockMap | null}
 *   | {type: 'control', text: string}
 *   | {type: 'send' | 'aside', event: string, data: object}
 *   | {type: 'request', id: number, event: string, data: unknown}
 *   | {type: 'handler', name: string, action: string | null}
 *   | {type: 'at', id: number, t: number, action: string, payload: unknown}
 *   | {type: 'cancelAt', id: number}
 *   | {type: 'wake', id: number, ms: number}
 *   | {type: 'hidden', hidden: boolean}
 *   | {type: 'check' | 'moved' | 'renew' | 'resync'}
 *   | {type: 'close', leave: boolean}} ToEngine
 */

/**
 * What the engine says to the page.
 *
 * @typedef {WireEvent & {type: 'event'}
 *   | {type: 'probe', id: number, answered: number, origin: number}
 *   | {type: 'clock', course: Course | null, doubted: boolean, channel: boolean}
 *   | {type: 'offer-wanted'}
 *   | {type: 'answer', sdp: string}
 *   | {type: 'server', url: string}
 *   | {type: 'reply', id: number, data?: unknown, error?: {code: string, message: string, retry: boolean}}
 *   | {type: 'woken', id: number}
 *   | {type: 'acted', id: number, time?: number, lateness?: number, device?: number, error?: string}
 *   | {type: 'failed', message: string}
 *   | {type: 'reconnecting', inMs: number, reason: string, code?: string}
 *   | {type: 'refused', code: string, message: string, retry: boolean}} FromEngine
 */

/** The data channel counts as the path for this long after a ping on it, ms. */
const CHANNEL_LASTS = 20000

/**
 * The part of the library that mustn't wait for a busy page: connection,
 * clock and the actions of the worker. Runs in the worker, or on the page
 * where there is none; both ends are plain messages with a `type`.
 */
export class Engine {
  #post
  #clock = new Follower()
  #responder
  #channels
  #commands
  #dedupe = new Dedupe()
  /** @type {Connection | null} */ #connection = null
  /** @type {Promise<Record<string, any>>} */ #actions = Promise.resolve({})
  /** @type {Map<number, () => void>} */ #timers = new Map()
  #channelPing = -Infinity
  #unwatch

  /** @param {(message: FromEngine) => void} post  to the page */
  constructor(post) {
    this.#post = post
    this.resolution = resolutionOf()
    this.#responder = new Responder(this.resolution)
    this.#channels = new DataChannels(this.#responder, {
      map: map => this.#channelMap(map),
      control: text => this.#controlText(text),
    })
    this.#commands = new Commands(this.#clock, (event, data) => {
      this.#send(event, data)
      if (event === wire.MISSED) post(/** @type {FromEngine} */ (/** @type {unknown} */ ({ type: 'event', event, data })))
    })
    this.#unwatch = watchSleep(() => this.#resync(), () => this.#connection?.check())
  }

  /**
   * A message from the page.
   *
   * @param {ToEngine} m
   */
  receive(m) {
    switch (m.type) {
      case 'probe': return this.#post({ type: 'probe', id: m.id, answered: performance.now(), origin: performance.timeOrigin })
      case 'open': return this.#open(m)
      case 'offer': return this.#connection?.offered(m.sdp)
      case 'candidate': return this.#send(wire.CANDIDATE, { candidate: m.candidate })
      case 'channels': return this.#channels.adopt(m.clock, m.control)
      case 'map': return this.#channelMap(m.map)
      case 'control': return this.#controlText(m.text)
      case 'send': return this.#send(m.event, m.data)
      case 'aside': return this.#channels.send(m) || this.#connection?.sendAside(m)
      case 'request': return this.#request(m.id, m.event, m.data)
      case 'handler': return this.#handle(m.name, m.action)
      case 'at': return this.#at(m)
      case 'cancelAt': return this.#cancelAt(m.id)
      case 'wake': return void setTimeout(() => this.#post({ type: 'woken', id: m.id }), m.ms)
      case 'check': return this.#connection?.check()
      case 'moved': return this.#moved()
      case 'renew': return this.#connection?.renew()
      case 'hidden': this.#responder.hidden = m.hidden; return
      case 'resync': return this.#resync()
      case 'close': return this.#close(m.leave)
    }
  }

  /** @param {ToEngine & {type: 'open'}} m */
  #open(m) {
    this.#responder.hidden = m.hidden
    if (m.actions) this.#actions = import(/* webpackIgnore: true */ /* @vite-ignore */ m.actions)
    this.#actions.catch(error => this.#post({ type: 'failed', message: `the actions module: ${error.message}` }))
    this.#connection = new Connection(m.urls, m.join, {
      offerWanted: () => this.#post({ type: 'offer-wanted' }),
      message: message => this.#message(message),
      frame: (frame, received) => this.#frame(frame, received),
      reconnecting: (inMs, reason, code) => this.#post({ type: 'reconnecting', inMs, reason, code }),
      refused: ({ code, message, retry }) => {
        this.#post({ type: 'refused', code, message, retry })
        this.#close(false)
      },
    })
    this.#connection.connect()
  }

  /** @param {WireEvent} message */
  #message(message) {
    const { event, data } = message
    if (event === wire.ANSWER) this.#answer(data.sdp)
    if (event === wire.SESSION_JOINED) this.#joined(data.answer)
    if (this.#dedupe.fresh(event, data)) this.#deliver(message)
  }

  /** @param {string} [answer] */
  #joined(answer) {
    this.#answer(answer)
    if (this.#connection) this.#post({ type: 'server', url: serverOf(this.#connection.url) })
  }

  /** @param {string} [sdp] */
  #answer(sdp) {
    if (sdp) this.#post({ type: 'answer', sdp })
  }

  /** @param {WireEvent} message */
  #deliver({ event, data, replyTo }) {
    if ((event === wire.ERROR || event === wire.OK) && replyTo) return // its request is settled
    this.#commands.receive(event, data)
    this.#post(/** @type {FromEngine} */ ({ type: 'event', event, data }))
  }

  /** @param {string} text */
  #controlText(text) {
    const message = parseMessage(text)
    if (message) this.#message(message)
  }

  /**
   * @param {ArrayBuffer} frame
   * @param {number} received
   */
  #frame(frame, received) {
    const map = this.#responder.answer(frame, received, pong => this.#connection?.sendFrame(pong))
    if (map !== undefined) this.#take(map)
  }

  /** @param {ClockMap | null} map */
  #channelMap(map) {
    this.#channelPing = performance.now()
    this.#take(map)
  }

  /** @param {ClockMap | null} map */
  #take(map) {
    if (map) this.#clock.take(map)
    else this.#clock.forget()
    this.#tellClock()
  }

  #tellClock() {
    const { course, doubted } = this.#clock
    const channel = performance.now() - this.#channelPing < CHANNEL_LASTS
    this.#post({ type: 'clock', course, doubted, channel })
  }

  #resync() {
    this.#responder.stopped = true
    this.#clock.doubt()
    this.#tellClock()
    this.#send(wire.RESYNC, {})
  }

  /**
   * The network is another one: the old way may be gone, and the new one has
   * delays of its own. The clock went on, and is good for holdover.
   */
  #moved() {
    this.#send(wire.RESYNC, {})
    this.#connection?.check()
    if (this.#connection?.joined) this.#post({ type: 'offer-wanted' })
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  #send(event, data) {
    this.#connection?.send(event, data)
  }

  /**
   * @param {number} id  the page's
   * @param {string} event
   * @param {unknown} data
   */
  async #request(id, event, data) {
    try {
      const reply = await this.#connection?.request(event, data)
      this.#post({ type: 'reply', id, data: reply?.data })
    } catch (error) {
      const { code, message, retry } = /** @type {DownbeatError} */ (error)
      this.#post({ type: 'reply', id, error: { code, message, retry } })
    }
  }

  /**
   * @param {string} name
   * @param {string | null} action
   */
  #handle(name, action) {
    if (!action) return this.#commands.handle(name, null)
    /** @type {Record<string, any>} */
    let module = {}
    this.#actions.then(loaded => (module = loaded), () => {})
    this.#commands.handle(name, (command, act) => module[action](command.payload, { ...act, command }))
  }

  /** @param {{id: number, t: number, action: string, payload: unknown}} m */
  async #at({ id, t, action, payload }) {
    const failed = (/** @type {unknown} */ error) => this.#post({ type: 'acted', id, error: String(error) })
    const run = (/** @type {import('./at.js').Instant} */ instant) => {
      this.#timers.delete(id)
      act(payload, instant)
      this.#post({ type: 'acted', id, ...instant })
    }
    let act = (/** @type {unknown} */ _payload, /** @type {unknown} */ _instant) => failed(`no action ${action}`)
    this.#timers.set(id, at(this.#clock, t, run))
    this.#actions.then(module => {
      if (typeof module[action] === 'function') act = module[action]
    }, failed)
  }

  /** @param {number} id */
  #cancelAt(id) {
    this.#timers.get(id)?.()
    this.#timers.delete(id)
  }

  /** @param {boolean} leave  tell the server, so that it needn't wait for us */
  #close(leave) {
    if (leave) this.#send(wire.LEAVE_SESSION, {})
    this.#unwatch()
    for (const off of this.#timers.values()) off()
    this.#commands.cancelAll()
    this.#channels.close()
    this.#connection?.close()
  }
}

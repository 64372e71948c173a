import { at } from './at.js'
import { Follower } from './clockmap.js'
import { Commands } from './commands.js'
import { Dedupe } from './dedupe.js'
import { Link } from './link.js'
import { Responder, resolutionOf } from './responder.js'
import { DownbeatError, Signaling, backoff, parseMessage } from './signaling.js'
import { watchSleep } from './watch.js'

/** @import { ClockMap } from './frames.js' */
/** @import { Message } from './signaling.js' */

/** The data channel counts as the path for this long after a ping on it, ms. */
const CHANNEL_LASTS = 20000
/** An offer that takes longer is not waited for, ms. */
const OFFER_PATIENCE = 1500
/** Reports kept while there is no connection. */
const UNSENT = 64

/**
 * The part of the library that mustn't wait for a busy page: connection,
 * clock and the actions of the worker. Runs in the worker, or on the page
 * where there is none; both ends are plain messages with a `type`.
 */
export class Engine {
  #post
  #clock = new Follower()
  #responder
  #link
  #commands
  #dedupe = new Dedupe()
  /** @type {Signaling | null} */ #signaling = null
  /** @type {Record<string, any>} */ #join = {}
  /** @type {Promise<Record<string, any>>} */ #actions = Promise.resolve({})
  /** @type {Map<number, () => void>} */ #timers = new Map()
  /** @type {{event: string, data: unknown}[]} */ #unsent = []
  /** @type {string | null} */ #offer = null
  #attempt = 0
  #joined = false
  #everJoined = false
  #closed = false
  #channelPing = -Infinity
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #offerTimer
  #unwatch

  /** @param {(message: any) => void} post  to the page */
  constructor(post) {
    this.#post = post
    this.resolution = resolutionOf()
    this.#responder = new Responder(this.resolution)
    this.#link = new Link(this.#responder, {
      map: map => this.#channelMap(map),
      control: text => this.#controlText(text),
    })
    this.#commands = new Commands(this.#clock, (event, data) => this.#send(event, data))
    this.#unwatch = watchSleep(() => this.#resync())
  }

  /**
   * A message from the page.
   *
   * @param {any} m
   */
  receive(m) {
    switch (m.type) {
      case 'probe': return this.#post({ type: 'probe', id: m.id, answered: performance.now(), origin: performance.timeOrigin })
      case 'open': return this.#open(m)
      case 'offer': return this.#offered(m.sdp)
      case 'candidate': return this.#send('candidate', { candidate: m.candidate })
      case 'channels': return this.#link.adopt(m.clock, m.control)
      case 'map': return this.#channelMap(m.map)
      case 'control': return this.#controlText(m.text)
      case 'send': return this.#send(m.event, m.data)
      case 'request': return this.#request(m.id, m.event, m.data)
      case 'handler': return this.#handle(m.name, m.action)
      case 'at': return this.#at(m)
      case 'cancelAt': return this.#cancelAt(m.id)
      case 'hidden': this.#responder.hidden = m.hidden; return
      case 'resync': return this.#resync()
      case 'close': return this.#close(m.leave)
    }
  }

  /** @param {{url: string, join: Record<string, any>, actions?: string, hidden: boolean}} m */
  #open(m) {
    this.#join = m.join
    this.#responder.hidden = m.hidden
    if (m.actions) this.#actions = import(m.actions)
    this.#actions.catch(error => this.#post({ type: 'failed', message: `the actions module: ${error.message}` }))
    this.#signaling = new Signaling(m.url, {
      open: () => this.#connected(),
      message: message => this.#message(message),
      frame: (frame, received) => this.#frame(frame, received),
      close: (code, reason) => this.#dropped(code, reason),
    })
    this.#connect()
  }

  /** @param {string} [url] */
  #connect(url) {
    this.#offer = null
    this.#post({ type: 'offer-wanted' })
    try {
      this.#signaling?.connect(url)
    } catch (error) {
      this.#refused(new DownbeatError('bad_url', String(error)))
    }
  }

  #connected() {
    if (this.#offer !== null) return void this.#joinSession()
    this.#offerTimer = setTimeout(() => this.#offered(''), OFFER_PATIENCE)
  }

  /** @param {string} sdp  '' where there is no WebRTC */
  #offered(sdp) {
    clearTimeout(this.#offerTimer)
    if (this.#joined) {
      if (sdp) this.#send('offer', { sdp })
      return
    }
    const first = this.#offer === null
    this.#offer = sdp
    if (first && this.#signaling?.open) this.#joinSession()
  }

  async #joinSession() {
    const data = this.#offer ? { ...this.#join, offer: this.#offer } : this.#join
    try {
      await this.#signaling?.request('join_session', data)
    } catch (error) {
      this.#notJoined(/** @type {DownbeatError} */ (error))
    }
  }

  /** @param {DownbeatError} error */
  #notJoined(error) {
    if (this.#closed || error.code === 'disconnected') return
    if (!error.retry && this.#join.resumeToken) {
      delete this.#join.resumeToken // of a session that is gone, perhaps
      return this.#connect()
    }
    if (!error.retry) return this.#refused(error)
    this.#signaling?.close()
    this.#dropped(1006, error.message)
  }

  /** @param {DownbeatError} error */
  #refused({ code, message }) {
    this.#post({ type: 'refused', code, message })
    this.#close(false)
  }

  /** @param {Message} message */
  #message({ event, data, replyTo }) {
    if (event === 'session_joined') this.#welcome(data)
    if (event === 'answer' || data?.answer) this.#answer(data)
    if (event === 'goodbye') this.#goodbye(data)
    if (this.#dedupe.fresh(event, data)) this.#deliver(event, data, replyTo)
  }

  /** @param {any} data */
  #welcome(data) {
    this.#joined = this.#everJoined = true
    this.#attempt = 0
    if (data.resumeToken) this.#join.resumeToken = data.resumeToken
    const unsent = this.#unsent
    this.#unsent = []
    for (const { event, data } of unsent) this.#send(event, data)
  }

  /** @param {any} data */
  #answer(data) {
    const sdp = data.answer ?? data.sdp
    if (sdp) this.#post({ type: 'answer', sdp })
  }

  /**
   * @param {string} event
   * @param {any} data
   * @param {number} [replyTo]
   */
  #deliver(event, data, replyTo) {
    if (event === 'error' && replyTo) return // its request is rejected
    this.#commands.receive(event, data)
    this.#post({ type: 'event', event, data })
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
    const map = this.#responder.answer(frame, received, pong => this.#signaling?.sendFrame(pong))
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
    this.#send('resync', {})
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #dropped(code, reason) {
    this.#joined = false
    clearTimeout(this.#offerTimer)
    if (this.#closed) return
    const why = FINAL.get(code)
    if (why) return this.#refused(new DownbeatError(`closed_${code}`, why))
    this.#comeBack(backoff(this.#attempt++), reason)
  }

  /** @param {any} data  of goodbye */
  #goodbye(data) {
    this.#signaling?.close()
    this.#joined = false
    this.#comeBack(Number(data?.retryAfterMs) || 0, String(data?.reason ?? ''), data?.url)
  }

  /**
   * @param {number} ms
   * @param {string} reason
   * @param {string} [url]
   */
  #comeBack(ms, reason, url) {
    this.#post({ type: 'reconnecting', inMs: ms, reason, ever: this.#everJoined })
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#connect(url), ms)
  }

  /**
   * Sends now, or after the next join: a report of what was done is kept, a
   * wish to do something is not.
   *
   * @param {string} event
   * @param {unknown} data
   */
  #send(event, data) {
    if (this.#joined && this.#signaling?.send(event, data)) return
    if (event !== 'armed' && event !== 'fired') return
    this.#unsent.push({ event, data })
    if (this.#unsent.length > UNSENT) this.#unsent.shift()
  }

  /**
   * @param {number} id  the page's
   * @param {string} event
   * @param {unknown} data
   */
  async #request(id, event, data) {
    try {
      const reply = await this.#signaling?.request(event, data)
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
    if (leave) this.#send('leave_session', {})
    this.#closed = true
    this.#unwatch()
    clearTimeout(this.#retry)
    clearTimeout(this.#offerTimer)
    for (const off of this.#timers.values()) off()
    this.#commands.cancelAll()
    this.#link.close()
    this.#signaling?.close()
  }
}

/**
 * Close codes after which not to come back: joined elsewhere, abuse, left,
 * refused. After the rest (too slow to join or to read) one may.
 */
const FINAL = new Map([
  [4001, 'This device joined again from another tab or window.'],
  [4002, 'The server closed the connection: too many or faulty messages.'],
  [4005, 'This device left the session.'],
  [4006, 'The server refused to let this device in.'],
])

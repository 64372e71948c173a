import { Addresses } from './addresses.js'
import { BACKLOG } from './datachannels.js'
import { DownbeatError, Signaling, backoff } from './signaling.js'
import * as wire from './wire.js'

/** @import { Message } from './signaling.js' */
/** @import { DeviceChanged, Goodbye, JoinSessionRequest, SessionJoined } from './wire.js' */

/** An offer that takes longer is not waited for, ms. */
const OFFER_PATIENCE = 1500
/** When a report that the server couldn't take is sent again, ms. */
const AGAIN = 1000
/** Reports kept until the server has answered them. */
const UNSENT = 64
/** What was done mustn't be lost with a connection: these are sent until they are answered. */
const REPORTS = new Set(wire.REPORTS)

/**
 * Close codes after which not to come back: joined elsewhere, abuse, left,
 * refused. After the rest (too slow to join or to read) one may.
 */
const FINAL = new Map([
  [wire.CLOSE_REPLACED, 'This device joined again from another tab or window, which goes on in its place (or its session has ended). Close this one, or reload it to join as a device of its own.'],
  [wire.CLOSE_TOO_MANY_FAULTY_MESSAGES, 'The server closed the connection: too many or faulty messages.'],
  [wire.CLOSE_LEFT, 'This device left the session.'],
  [wire.CLOSE_JOIN_REFUSED, 'The server refused to let this device in.'],
  [wire.CLOSE_REMOVED, 'The leader of the session removed this device.'],
  [wire.CLOSE_ENDED, 'The session has ended.'],
])

/** How long a session is waited for that the server doesn't know any more, ms: its creator may bring it back. */
const MISSING = 5 * 60_000
/** How long a server that goes away is waited for at most because it says so, ms. */
const LONGEST = 60_000
/** What a device comes back with. */
const TOKENS = /** @type {const} */ (['resumeToken', 'userToken'])
/** Refusals of the connection itself that stay as they are. */
const UNKNOWN = new Set([wire.CODE_BAD_ORIGIN, wire.CODE_BAD_HOST])

/**
 * @typedef {object} ConnectionEvents
 * @property {() => void} offerWanted  answer with `offered`
 * @property {(message: Message) => void} message
 * @property {(frame: ArrayBuffer, received: number) => void} frame
 * @property {(inMs: number, reason: string, code?: string) => void} reconnecting
 * @property {(error: DownbeatError) => void} refused  for good
 */

/** Joins the session, and joins it again as the same device whenever the connection broke. */
export class Connection {
  #on
  #addresses
  #signaling
  #join
  /** @type {{event: string, data: unknown}[]} */ #unsent = []
  /** @type {string | null} */ #offer = null
  /** Has the connection that is, or was last, opened? */
  #opened = false
  #joined = false
  /** This device's own id, once it has been in the session. */
  #deviceId = ''
  /** Since when the session isn't there. */
  #missing = NaN
  #closed = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #offerTimer

  /**
   * @param {string[]} urls  the WebSockets of the service’s instances
   * @param {JoinSessionRequest} join
   * @param {ConnectionEvents} on
   */
  constructor(urls, join, on) {
    this.#join = join
    this.#on = on
    this.#addresses = new Addresses(urls)
    this.#signaling = new Signaling(urls[0], {
      open: () => this.#connected(),
      message: message => this.#message(message),
      frame: on.frame,
      close: (code, reason) => this.#dropped(code, reason),
    })
  }

  /** Is this device in the session now? */
  get joined() {
    return this.#joined
  }

  /** The WebSocket of the instance in use. */
  get url() {
    return this.#signaling.url
  }

  /** The connection may be dead, or possible again: finds out soon. */
  check() {
    if (this.#joined) this.#signaling.check()
    else if (this.#retry !== undefined) this.connect()
  }

  /** Drops the connection, which is no good any more, and joins over another one. */
  renew() {
    this.#signaling.close()
    this.#comeBack(0, 'begun anew')
  }

  /** Connects to the instance in use. */
  connect() {
    this.#stopWaiting()
    this.#offer = null
    this.#opened = false
    this.#on.offerWanted()
    try {
      this.#signaling.connect(this.#addresses.use)
    } catch (error) {
      this.#refused(new DownbeatError('bad_url', String(error)))
    }
  }

  #connected() {
    this.#opened = true
    if (this.#offer !== null) return void this.#joinSession()
    this.#offerTimer = setTimeout(() => this.offered(''), OFFER_PATIENCE)
  }

  /**
   * An offer to join with, or, later on, a new one for the connection that is.
   *
   * @param {string} sdp  '' where there is no WebRTC
   */
  offered(sdp) {
    clearTimeout(this.#offerTimer)
    if (this.#joined) {
      if (sdp) this.send(wire.OFFER, { sdp })
      return
    }
    const first = this.#offer === null
    this.#offer = sdp
    if (first && this.#signaling.open) this.#joinSession()
  }

  async #joinSession() {
    const data = this.#offer ? { ...this.#join, offer: this.#offer } : this.#join
    try {
      await this.#signaling.request(wire.JOIN_SESSION, data)
    } catch (error) {
      this.#notJoined(/** @type {DownbeatError} */ (error))
    }
  }

  /** @param {DownbeatError} error */
  #notJoined(error) {
    if (this.#closed || error.code === 'disconnected') return
    for (const token of error.retry ? [] : TOKENS) {
      if (!this.#join[token]) continue
      delete this.#join[token] // of a session that is gone, perhaps
      return this.connect()
    }
    if (!error.retry || this.#inVain(error.code)) return this.#refused(error)
    this.#signaling.close()
    this.#tryNext(error.message, error.code)
  }

  /**
   * A session that isn't there is waited for where it was a moment ago.
   *
   * @param {string} code
   */
  #inVain(code) {
    const now = performance.now()
    if (code !== wire.CODE_SESSION_NOT_FOUND) this.#missing = NaN
    else if (Number.isNaN(this.#missing)) this.#missing = now
    return now - this.#missing > (this.#deviceId ? MISSING : -1)
  }

  /** @param {DownbeatError} error */
  #refused(error) {
    this.close()
    this.#on.refused(error)
  }

  /** @param {Message} message */
  #message(message) {
    if (message.event === wire.SESSION_JOINED) this.#welcome(message.data)
    if (message.event === wire.GOODBYE) this.#goodbye(message.data)
    if (message.event === wire.DEVICE_CHANGED && message.data.deviceId === this.#deviceId) this.#changed(message.data)
    this.#on.message(message)
  }

  /** @param {SessionJoined} data */
  #welcome(data) {
    this.#joined = true
    this.#addresses.joined()
    this.#missing = NaN
    this.#deviceId = data.deviceId
    for (const token of TOKENS) if (data[token]) this.#join[token] = data[token]
    for (const report of this.#unsent) this.#report(report)
  }

  /**
   * What the leader made of this device is what it comes back as.
   *
   * @param {DeviceChanged} data
   */
  #changed({ viewType, records }) {
    Object.assign(this.#join, { viewType, records })
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #dropped(code, reason) {
    if (this.#closed) return
    const why = FINAL.get(code)
    if (why) return this.#refused(new DownbeatError(`closed_${code}`, why))
    if (!this.#opened) void this.#askWhy()
    this.#tryNext(reason)
  }

  /** Browsers don't tell why a connection doesn't open. The server does, without one. */
  async #askWhy() {
    const error = await refusal(this.#signaling.url)
    if (!this.#closed && !this.#opened && UNKNOWN.has(error?.code)) this.#refused(new DownbeatError(error.code, error.message))
  }

  /** @param {Goodbye} data */
  #goodbye(data) {
    this.#signaling.close()
    this.#addresses.goodbye(data?.url)
    const wait = this.#addresses.elsewhere ? backoff(0) : Math.min(Number(data?.retryAfterMs) || 0, LONGEST)
    this.#addresses.next()
    this.#comeBack(wait, String(data?.reason ?? ''))
  }

  /**
   * Comes back to the next instance; later where each has been tried.
   *
   * @param {string} reason
   * @param {string} [code]  of the server's refusal
   */
  #tryNext(reason, code) {
    const wait = backoff(this.#addresses.rounds)
    this.#addresses.next()
    this.#comeBack(wait, reason, code)
  }

  /**
   * @param {number} ms
   * @param {string} reason
   * @param {string} [code]  of the server's refusal
   */
  #comeBack(ms, reason, code) {
    if (this.#closed) return
    this.#joined = false
    this.#stopWaiting()
    this.#retry = setTimeout(() => this.connect(), ms)
    this.#on.reconnecting(ms, reason, code)
  }

  #stopWaiting() {
    clearTimeout(this.#offerTimer)
    clearTimeout(this.#retry)
    this.#retry = undefined
  }

  /**
   * Sends now, or after the next join: a report of what was done is kept, a
   * wish to do something is not.
   *
   * @param {string} event
   * @param {unknown} data
   */
  send(event, data) {
    if (!REPORTS.has(event)) {
      if (this.#joined) this.#signaling.send(event, data)
      return
    }
    const report = { event, data }
    this.#unsent.push(report)
    if (this.#unsent.length > UNSENT) this.#unsent.shift()
    if (this.#joined) this.#report(report)
  }

  /**
   * Sends what may be lost, unless what was sent before still waits.
   *
   * @param {{event: string, data: unknown}} m
   */
  sendAside({ event, data }) {
    if (this.#joined && this.#signaling.backlog < BACKLOG) this.#signaling.send(event, data)
  }

  /**
   * Sends a report; it is forgotten once the server has taken or refused it.
   *
   * @param {{event: string, data: unknown}} report
   */
  async #report(report) {
    try {
      await this.#signaling.request(report.event, report.data)
    } catch (error) {
      const { code, retry } = /** @type {DownbeatError} */ (error)
      if (retry && code !== 'disconnected' && this.#joined) setTimeout(() => this.#again(report), AGAIN)
      if (retry) return
    }
    const i = this.#unsent.indexOf(report)
    if (i >= 0) this.#unsent.splice(i, 1)
  }

  /** @param {{event: string, data: unknown}} report */
  #again(report) {
    if (this.#joined && this.#unsent.includes(report)) this.#report(report)
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  request(event, data) {
    return this.#signaling.request(event, data)
  }

  /** @param {ArrayBuffer} pong */
  sendFrame(pong) {
    this.#signaling.sendFrame(pong)
  }

  close() {
    this.#closed = true
    this.#stopWaiting()
    this.#signaling.close()
  }
}

/**
 * What the server answers where a connection was refused; undefined while it is away.
 *
 * @param {string} url  ws:// or wss://
 * @returns {Promise<any>}
 */
async function refusal(url) {
  try {
    return (await (await fetch(url.replace(/^ws/, 'http'))).json()).error
  } catch {}
}

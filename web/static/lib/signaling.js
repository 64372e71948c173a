import * as wire from './wire.js'

/**
 * How long to wait before the n-th attempt to come back, ms: doubling from a
 * quarter of a second to eight, a random half of it, so that the devices of a
 * restarted server don't all return at one instant.
 *
 * @param {number} attempt  0 for the first
 * @param {number} [random] 0…1
 */
export function backoff(attempt, random = Math.random()) {
  const full = Math.min(8000, 250 * 2 ** attempt)
  return full / 2 + (full / 2) * random
}

/** How often it is looked whether the server was heard, ms; where it wasn’t, a heartbeat asks for a word. */
const LOOK = 2500
/** An answer that takes longer won't come, ms. */
const PATIENCE = 8000
/** A connection that takes longer to open is tried again, ms. */
const OPENING = 5000
/** A connection that is in doubt must answer within this, ms. */
const DOUBT = 4000

/** What the server refused, with the `code` of the protocol. */
export class DownbeatError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} [retry] may the same be tried again?
   */
  constructor(code, message, retry = false) {
    super(message)
    this.name = 'DownbeatError'
    this.code = code
    this.retry = retry
  }
}

/** @typedef {import('./wire.js').WireEvent} Message */

/**
 * @typedef {object} SignalingEvents
 * @property {() => void} open
 * @property {(message: Message) => void} message
 * @property {(frame: ArrayBuffer, received: number) => void} frame
 * @property {(code: number, reason: string) => void} close  once per connection
 */

/** One WebSocket after the other to the same service, with requests and answers. */
export class Signaling {
  #url
  #on
  /** @type {WebSocket | null} */ #socket = null
  /** @type {Map<number, {resolve: (m: Message) => void, reject: (e: Error) => void, timer: any}>} */
  #waiting = new Map()
  #lastId = 0
  #heard = 0
  #looked = 0
  /** When it was asked for a word. */
  #asked = 0
  /** @type {ReturnType<typeof setInterval> | undefined} */ #beat
  /** When to give the connection up. */
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #doubt

  /**
   * @param {string} url  ws:// or wss://
   * @param {SignalingEvents} on
   */
  constructor(url, on) {
    this.#url = url
    this.#on = on
  }

  /** Of the server, as last connected to. */
  get url() {
    return this.#url
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Bytes that wait to be sent. */
  get backlog() {
    return this.#socket?.bufferedAmount ?? 0
  }

  /**
   * Connects again, dropping what was.
   *
   * @param {string} url  ws:// or wss://
   */
  connect(url) {
    this.close()
    this.#url = url
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    this.#doubt = setTimeout(() => this.#lost('the server doesn’t answer'), OPENING)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#opened()
    socket.onmessage = event => this.#received(event.data)
    socket.onclose = event => this.#closed(socket, event.code, event.reason)
  }

  #opened() {
    clearTimeout(this.#doubt)
    this.#heard = this.#looked = performance.now()
    this.#asked = 0
    this.#beat = setInterval(() => this.#look(), LOOK)
    this.#on.open()
  }

  /** @param {string | ArrayBuffer} data */
  #received(data) {
    const now = performance.now()
    this.#heard = now
    if (typeof data !== 'string') return this.#on.frame(data, now)
    const message = parseMessage(data)
    if (!message) return
    this.#on.message(message)
    if (message.replyTo) this.#settle(message.replyTo, message)
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  #closed(socket, code, reason) {
    if (this.#socket !== socket) return
    this.close()
    this.#on.close(code, reason)
  }

  #look() {
    if (this.#heard <= this.#looked) this.check()
    this.#looked = performance.now()
  }

  /** The connection may be dead: asks for a word now, and gives it up when none comes. */
  check() {
    if (!this.open || this.#asked > this.#heard) return
    const asked = (this.#asked = performance.now())
    this.send(wire.HEARTBEAT, {})
    clearTimeout(this.#doubt)
    this.#doubt = setTimeout(() => this.#heard < asked && this.#lost('the server fell silent'), DOUBT)
  }

  /** @param {string} reason */
  #lost(reason) {
    this.close()
    this.#on.close(1006, reason)
  }

  /**
   * Sends an event; false where there is no connection.
   *
   * @param {string} event
   * @param {unknown} data
   * @param {number} [id]
   */
  send(event, data, id) {
    if (!this.open) return false
    this.#socket?.send(JSON.stringify(id ? { event, data, id } : { event, data }))
    return true
  }

  /**
   * Sends an event and waits for its answer; rejects with a DownbeatError.
   *
   * @param {string} event
   * @param {unknown} data
   * @returns {Promise<Message>}
   */
  request(event, data) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (!this.send(event, data, id)) return reject(new DownbeatError('disconnected', 'not connected to the server', true))
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new DownbeatError('timeout', `no answer to ${event}`, true))
      }, PATIENCE)
      this.#waiting.set(id, { resolve, reject, timer })
    })
  }

  /**
   * @param {number} id
   * @param {Message} message
   */
  #settle(id, message) {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    if (message.event !== wire.ERROR) return waiting.resolve(message)
    const { code, message: text, retry } = message.data ?? {}
    waiting.reject(new DownbeatError(String(code ?? wire.ERROR), String(text ?? 'refused'), retry === true))
  }

  /**
   * Sends a clock frame; it is copied.
   *
   * @param {ArrayBuffer} frame
   */
  sendFrame(frame) {
    if (this.open) this.#socket?.send(frame)
  }

  /** Closes without an event; requests under way are rejected. */
  close() {
    clearInterval(this.#beat)
    clearTimeout(this.#doubt)
    const socket = this.#socket
    this.#socket = null
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(new DownbeatError('disconnected', 'the connection broke before the answer', true))
    }
    this.#waiting.clear()
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}

/**
 * @param {string} text
 * @returns {Message | null}
 */
export function parseMessage(text) {
  try {
    const message = JSON.parse(text)
    return typeof message?.event === 'string' ? message : null
  } catch {
    return null
  }
}

/**
 * A server's address with all that it serves below it: its path, if any, counts and ends
 * with a slash.
 *
 * @param {string | URL} url  of the server
 */
export function serverURL(url) {
  const server = new URL(url, location.href)
  server.search = server.hash = ''
  if (!server.pathname.endsWith('/')) server.pathname += '/'
  return server.href
}

/**
 * Where a server's WebSocket is.
 *
 * @param {string | URL} url  of the server
 */
export function socketURL(url) {
  const socket = new URL('ws', serverURL(url))
  socket.protocol = socket.protocol.replace('http', 'ws')
  return socket.href
}

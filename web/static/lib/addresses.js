import { DownbeatError, socketURL } from './signaling.js'

/**
 * Where the WebSockets of a service’s instances are. One is in use, or tried next. (device/addresses.go is the same
 * in Go.)
 */
export class Addresses {
  #all
  #at = 0
  /** Where the server has sent this device: tried once. */
  #sent = ''
  #going = false
  #failed = 0

  /** @param {string[]} all  ws:// or wss:// */
  constructor(all) {
    this.#all = [...all]
  }

  /** Where to connect. */
  get use() {
    return this.#sent || this.#all[this.#at]
  }

  /** Is there another one than that in use? */
  get elsewhere() {
    return this.#sent !== '' || this.#all.length > 1
  }

  /** How often all of them have been tried in vain. */
  get rounds() {
    return Math.floor(this.#failed / this.#all.length)
  }

  /** The device has joined: where it was sent is one of them from now on. */
  joined() {
    this.#failed = 0
    if (!this.#sent) return
    if (!this.#all.includes(this.#sent)) this.#all.push(this.#sent)
    this.#at = this.#all.indexOf(this.#sent)
    this.#sent = ''
  }

  /**
   * The server goes away, and may say where to go instead: not from an encrypted address to one
   * that isn’t.
   *
   * @param {unknown} [to]  a server, in full
   */
  goodbye(to) {
    this.#going = true
    const [socket] = /^(http|ws)s?:/.test(String(to)) ? sockets([String(to)], () => {}) : []
    if (socket && !(this.use.startsWith('wss:') && socket.startsWith('ws:'))) this.#sent = socket
  }

  /** Goes on to the next one, after a connection that has failed or ended. */
  next() {
    if (!this.#going && this.#sent) this.#sent = '' // it doesn’t answer, and the one behind the server is next
    else this.#at = (this.#at + 1) % this.#all.length
    this.#failed++
    this.#going = false
  }
}

/**
 * The WebSockets of servers, each once.
 *
 * @param {(string | URL)[]} servers
 * @param {(url: string) => void} bad  told what is no server’s address
 */
function sockets(servers, bad) {
  /** @type {Set<string>} */
  const all = new Set()
  for (const server of servers) {
    try {
      const socket = socketURL(server)
      if (!/^wss?:/.test(socket)) throw new TypeError(socket)
      all.add(socket)
    } catch {
      bad(String(server))
    }
  }
  return [...all]
}

/**
 * Where to join: the WebSockets of `url`, unless that is absent, and `urls`.
 *
 * @param {string | URL | undefined} url
 * @param {(string | URL)[]} [urls]
 */
export function socketsOf(url, urls = []) {
  const servers = url || !urls.length ? [url || location.origin, ...urls] : urls
  return sockets(servers, bad => {
    throw new DownbeatError('bad_url', `“${bad}” is no server’s address, such as http://192.168.1.20:8080.`)
  })
}

/**
 * The server whose WebSocket that is.
 *
 * @param {string} socket
 */
export const serverOf = socket => new URL('.', socket.replace(/^ws/, 'http')).href

/** What the library finds in a browser, in the hands of a test: time, sockets, workers, the page. */

globalThis.reportError ??= error => {
  throw error
}

/** Lets promises that are settled go on. */
export const settled = () => new Promise(resolve => setImmediate(resolve))

/**
 * Timers, performance.now() and the wall clock of a device, which go on when the test says so.
 * Each reading takes a microsecond, so that a loop that waits for an instant ends.
 *
 * @param {any} t  the test
 * @param {number} [start]  performance.now(), ms
 */
export function fakeTime(t, start = 1000) {
  let now = start
  let asleep = 0
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.mock.method(performance, 'now', () => (now += 0.001))
  t.mock.method(Date, 'now', () => now + asleep)
  return {
    get now() { return now },
    /**
     * @param {number} ms
     * @param {number} [most]  at a time, ms: timers are as late
     */
    async pass(ms, most = 10) {
      for (const end = now + ms; now < end; await settled()) {
        const step = Math.min(most, end - now)
        now += step
        t.mock.timers.tick(step)
      }
    },
    /** The machine sleeps, and performance.now() stands meanwhile. @param {number} ms */
    sleep: ms => void (asleep += ms),
  }
}

/** A WebSocket whose other end is the test. */
export class Socket {
  static OPEN = 1
  /** @type {Socket[]} */ static all = []
  readyState = 0
  bufferedAmount = 0
  /** @type {any[]} */ sent = []
  /** @type {ArrayBuffer[]} */ frames = []
  /** @type {any} */ onopen
  /** @type {any} */ onmessage
  /** @type {any} */ onclose

  constructor() {
    Socket.all.push(this)
  }

  /**
   * In the place of the browser's, as long as a test runs; returns those that it opens.
   *
   * @param {any} t
   * @returns {Socket[]}
   */
  static install(t) {
    const real = globalThis.WebSocket
    globalThis.WebSocket = /** @type {any} */ (Socket)
    t.after(() => (globalThis.WebSocket = real))
    return (Socket.all = [])
  }

  /** @param {string | ArrayBuffer} data */
  send(data) {
    if (typeof data === 'string') this.sent.push(JSON.parse(data))
    else this.frames.push(data.slice(0))
  }

  close() {
    this.readyState = 3
  }

  open() {
    this.readyState = 1
    this.onopen()
  }

  /**
   * @param {string} event
   * @param {object} [data]
   * @param {number} [replyTo]
   */
  tell(event, data = {}, replyTo) {
    this.onmessage({ data: JSON.stringify({ event, data, replyTo }) })
  }

  /**
   * Answers the last request of an event.
   *
   * @param {string} event
   * @param {string} answer
   * @param {object} [data]
   */
  answer(event, answer, data) {
    this.tell(answer, data, this.sent.findLast(m => m.event === event).id)
  }

  /** @param {string} event */
  count(event) {
    return this.sent.filter(m => m.event === event).length
  }

  /** @param {number} [code] */
  drop(code = 1006) {
    this.readyState = 3
    this.onclose({ code, reason: '' })
  }
}

/** The library's worker, whose inside is the test. Its clock is `shift` ahead of the page's. */
export class FakeWorker {
  /** @type {FakeWorker[]} */ static all = []
  static shift = 250
  /** @type {any[]} */ posted = []
  ended = false
  /** @type {any} */ onmessage
  /** @type {any} */ onerror

  constructor() {
    FakeWorker.all.push(this)
    queueMicrotask(() => this.say({ type: 'ready' }))
  }

  /** @param {any} m */
  postMessage(m) {
    this.posted.push(m)
    const { shift } = FakeWorker
    if (m.type === 'probe') this.say({ type: 'probe', id: m.id, answered: performance.now() + shift, origin: performance.timeOrigin - shift })
    if (m.type === 'wake') setTimeout(() => this.say({ type: 'woken', id: m.id }), m.ms)
  }

  /** @param {any} data */
  say(data) {
    this.onmessage({ data })
  }

  /** @param {string} type */
  of(type) {
    return this.posted.filter(m => m.type === type)
  }

  terminate() {
    this.ended = true
  }
}

/**
 * What a page has, as long as a test runs; returns its document.
 *
 * @param {any} t
 * @param {Record<string, any>} [more]  globals
 */
export function fakePage(t, more = {}) {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const own = new EventTarget()
  const globals = {
    document, location: new URL('https://beat.example/device'), navigator: { userAgent: 'node' },
    addEventListener: own.addEventListener.bind(own), reportError: (/** @type {unknown} */ error) => { throw error }, ...more,
  }
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete (/** @type {any} */ (globalThis))[name]))
  }
  return document
}

export const gone = () => Object.assign(new Error('A requested file or directory could not be found'), { name: 'NotFoundError' })
const locked = () => Object.assign(new Error('another has it open'), { name: 'NoModificationAllowedError' })

/** A folder of files, as browsers have them: one handle for each at a time. */
export class Folder {
  /** @type {Map<string, {bytes: Uint8Array, open: boolean}>} */ files = new Map()
  full = false

  async *keys() {
    yield* [...this.files.keys()]
  }

  /**
   * @param {string} name
   * @param {{create?: boolean}} [options]
   */
  async getFileHandle(name, { create = false } = {}) {
    if (!this.files.has(name) && !create) throw gone()
    if (!this.files.has(name)) this.files.set(name, { bytes: new Uint8Array(), open: false })
    return { createSyncAccessHandle: async () => this.#open(/** @type {any} */ (this.files.get(name))) }
  }

  /** @param {{bytes: Uint8Array, open: boolean}} file */
  #open(file) {
    if (file.open) throw locked()
    file.open = true
    return {
      getSize: () => file.bytes.length,
      read: (/** @type {Uint8Array} */ into, { at = 0 } = {}) => {
        const bytes = file.bytes.subarray(at, at + into.length)
        into.set(bytes)
        return bytes.length
      },
      write: (/** @type {Uint8Array} */ bytes, { at = 0 } = {}) => {
        if (this.full) throw new DOMException('no room', 'QuotaExceededError')
        const before = file.bytes
        file.bytes = new Uint8Array(Math.max(before.length, at + bytes.length))
        file.bytes.set(before)
        file.bytes.set(bytes, at)
        return bytes.length
      },
      truncate: (/** @type {number} */ size) => void (file.bytes = file.bytes.slice(0, size)),
      flush() {},
      close: () => (file.open = false),
    }
  }

  /** @param {string} name */
  async removeEntry(name) {
    if (!this.files.delete(name)) throw gone()
  }
}

/**
 * A server of uploads, as far as tus needs it, behind XMLHttpRequest. `refuse` answers in its
 * place, or keeps silent.
 */
export class UploadServer {
  /** @type {{method: string, url: string, headers: Record<string, string>, size: number}[]} */ requests = []
  /** @type {Map<string, {size: number, length: number, metadata: string}>} */ uploads = new Map()
  away = false
  /** @type {(request: {method: string, url: string, headers: Record<string, string>}) => {status: number, body?: object} | 'silence' | undefined} */
  refuse = () => undefined

  /** In the place of the browser's, as long as a test runs. @param {any} t */
  install(t) {
    const server = this
    const real = globalThis.XMLHttpRequest
    globalThis.XMLHttpRequest = /** @type {any} */ (class extends Request {
      server = server
    })
    t.after(() => (globalThis.XMLHttpRequest = real))
    return this
  }

  /** @param {string} method */
  of(method) {
    return this.requests.filter(r => r.method === method)
  }

  /**
   * @param {{method: string, url: string, headers: Record<string, string>, size: number}} request
   * @returns {{status: number, headers?: Record<string, string>, body?: object} | 'silence'}
   */
  answer(request) {
    this.requests.push(request)
    const refused = this.refuse(request)
    if (refused) return refused
    const { method, url, headers, size } = request
    if (method === 'POST') {
      const path = `/api/uploads/u${this.uploads.size + 1}`
      this.uploads.set(`https://beat.example${path}`, { size: 0, length: NaN, metadata: headers['Upload-Metadata'] })
      return { status: 201, headers: { Location: path } }
    }
    const upload = this.uploads.get(url)
    if (!upload) return { status: 404, body: { error: { code: 'unknown_upload', message: 'no such upload' } } }
    if (method === 'PATCH' && Number(headers['Upload-Offset']) !== upload.size) return { status: 409, body: { error: { code: 'offset_mismatch', message: 'elsewhere' } } }
    upload.size += size
    if (headers['Upload-Length']) upload.length = Number(headers['Upload-Length'])
    /** @type {Record<string, string>} */
    const answered = { 'Upload-Offset': String(upload.size), 'Upload-Defer-Length': '1' }
    if (!Number.isNaN(upload.length)) answered['Upload-Length'] = String(upload.length)
    return { status: method === 'HEAD' ? 200 : 204, headers: answered }
  }
}

/** A request of such a server's. */
class Request {
  upload = {}
  status = 0
  responseText = ''
  /** @type {any} */ server
  /** @type {Record<string, string>} */ headers = {}
  /** @type {any} */ onload
  /** @type {any} */ onerror
  #aborted = false
  #request = { method: '', url: '' }
  /** @type {Record<string, string>} */ #answered = {}

  /** @param {string} method @param {string} url */
  open(method, url) {
    this.#request = { method, url }
  }

  /** @param {string} name @param {string} value */
  setRequestHeader(name, value) {
    this.headers[name] = value
  }

  /** @param {string} name */
  getResponseHeader(name) {
    return this.#answered[name] ?? null
  }

  /** @param {Blob | null} [body] */
  async send(body) {
    const answer = this.server.away ? null : this.server.answer({ ...this.#request, headers: this.headers, size: body?.size ?? 0 })
    await settled()
    if (this.#aborted || answer === 'silence') return
    if (!answer) return this.onerror(new Error('no network'))
    this.status = answer.status
    this.#answered = answer.headers ?? {}
    this.responseText = answer.body ? JSON.stringify(answer.body) : ''
    this.onload()
  }

  abort() {
    this.#aborted = true
  }
}

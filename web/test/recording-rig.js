import { TakeController } from '../static/recorder/takecontroller.js'
import { SessionTake } from '../static/recorder/sessiontake.js'

export const START = 1_763_894_400_000

/** A session whose server, and whose time, are the test's. */
export class FakeSession extends EventTarget {
  sessionId = 'studio'
  deviceId = 'd1'
  recordingId = ''
  server = { url: 'https://beat.example/', authorization: '', proof: 'd1.SECRET' }
  bound = 0.2
  resolution = 0.005
  monitorWanted = false
  /** @type {any} */ session = { take: null, devices: [] }
  /** @type {[string, any][]} */ sent = []
  /** @type {[string, any][]} */ asked = []
  /** @type {(event: string, data: any) => any} */ answer = () => ({})
  /** @type {Map<string, {fn: any, prepare?: any}>} */ handlers = new Map()
  /** Session time, ms. */
  t = START
  #waiting = /** @type {{t: number, fn: any}[]} */ ([])

  now = () => this.t
  toDevice = (/** @type {number} */ t) => t - START
  toSession = (/** @type {number} */ d) => d + START

  /**
   * @param {string} name
   * @param {(data: any) => void} fn
   */
  on(name, fn) {
    const listener = (/** @type {any} */ event) => fn(event.detail)
    this.addEventListener(name, listener)
    return () => this.removeEventListener(name, listener)
  }

  /**
   * What the server says.
   *
   * @param {string} name
   * @param {any} detail
   */
  tell(name, detail) {
    if (name === 'session_joined') Object.assign(this, { session: detail.session, recordingId: detail.recordingId ?? '' })
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }

  /**
   * @param {string} name
   * @param {any} fn
   * @param {any} [options]
   */
  onCommand(name, fn, options = {}) {
    this.handlers.set(name, { fn, ...options })
    return () => void this.handlers.delete(name)
  }

  /**
   * @param {number} t
   * @param {any} fn
   */
  at(t, fn) {
    const waiting = { t, fn }
    this.#waiting.push(waiting)
    queueMicrotask(() => this.pass(0))
    return () => void (this.#waiting = this.#waiting.filter(w => w !== waiting))
  }

  /** @param {number} ms */
  async pass(ms) {
    this.t += ms
    const due = this.#waiting.filter(({ t }) => t <= this.t)
    this.#waiting = this.#waiting.filter(({ t }) => t > this.t)
    for (const { t, fn } of due) fn({ time: this.t, lateness: this.t - t, device: this.toDevice(this.t) })
    await new Promise(resolve => setImmediate(resolve))
  }

  /**
   * @param {string} event
   * @param {any} [data]
   */
  send(event, data) {
    this.sent.push([event, data])
  }

  /**
   * @param {string} event
   * @param {any} [data]
   */
  sendAside(event, data) {
    this.sent.push([event, data])
  }

  /**
   * @param {string} event
   * @param {any} [data]
   */
  async request(event, data) {
    this.asked.push([event, data])
    return this.answer(event, data)
  }
}

/** A take as the session object has it. */
export const takeOf = (more = {}) => ({
  takeId: 'c1', postureLabel: 'plank', timestamp: START - 5000, duration: 0, stopTimestamp: null, stopCommandId: null, devices: null, ...more,
})

/** A controller with a worker that only listens. */
export function rig(session = new FakeSession()) {
  /** @type {any[]} */ const posted = []
  /** @type {string[]} */ const troubles = []
  const underway = new SessionTake(/** @type {any} */ (session))
  const able = { yes: true }
  /** @type {Map<string, any>} */ const warned = new Map()
  const controller = new TakeController(/** @type {any} */ (session), /** @type {any} */ ({ post: (/** @type {any} */ m) => posted.push(m) }), underway, {
    state: () => {}, able: () => able.yes, prefer: () => ({}), stream: () => null, countdown: () => {}, trouble: code => void troubles.push(code), begun: () => {},
    warn: (code, value) => void warned.set(code, value),
  })
  const of = (/** @type {string} */ type) => posted.filter(m => m.type === type)
  return { session, controller, underway, able, posted, troubles, warned, of }
}

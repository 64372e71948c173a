import { Engine } from './engine.js'
import { Link } from './link.js'
import { relate } from './relation.js'
import { Responder, resolutionOf } from './responder.js'

/** @import { Probe, Relation } from './relation.js' */

/** A worker that takes longer to start is done without, ms. */
const WORKER_PATIENCE = 5000
const PROBES = 12

/**
 * Runs the engine: in a worker where that works, else on the page.
 */
export class Host {
  /** @type {Worker | null} */ #worker = null
  /** @type {Engine | null} */ #engine = null
  /** @type {Link | null} */ #link = null
  /** Answers pings on the page where channels can't go to the worker. */
  /** @type {Responder | null} */ #responder = null
  /** @type {(message: any) => void} */ #on
  /** @type {Map<number, (answer: any) => void>} */ #probing = new Map()
  #probes = 0
  resolution = resolutionOf()
  /** @type {Relation} */ relation = { shift: 0, error: 0 }
  /** Where pings over the data channel are answered. */
  /** @type {'worker' | 'page'} */ clockThread = 'page'

  /** @param {(message: any) => void} on  what the engine says */
  constructor(on) {
    this.#on = on
  }

  /** Starts the engine and relates its clock to the page's. */
  async start() {
    try {
      this.#worker = await startWorker(m => this.#receive(m))
      this.clockThread = 'worker'
      await this.relate()
    } catch {
      this.#worker?.terminate()
      this.#worker = null
      this.clockThread = 'page'
      this.#engine = new Engine(m => this.#receive(m))
    }
  }

  get inWorker() {
    return this.#worker !== null
  }

  /** Relates the clocks again; a no-op where there is but one. */
  async relate() {
    if (!this.#worker) return
    /** @type {Probe[]} */
    const probes = []
    let origin = 0
    for (let i = 0; i < PROBES; i++) {
      const { probe, workerOrigin } = await this.#probe()
      probes.push(probe)
      origin = workerOrigin
    }
    this.relation = relate(probes, performance.timeOrigin - origin, this.resolution)
    if (this.#responder) this.#responder.shift = this.relation.shift
  }

  /** @returns {Promise<{probe: Probe, workerOrigin: number}>} */
  #probe() {
    const id = ++this.#probes
    return new Promise(resolve => {
      const sent = performance.now()
      this.#probing.set(id, ({ answered, origin, received }) =>
        resolve({ probe: { sent, answered, received }, workerOrigin: origin }))
      this.post({ type: 'probe', id })
    })
  }

  /** @param {any} m */
  #receive(m) {
    if (m.type !== 'probe') return this.#on(m)
    const received = performance.now()
    const waiting = this.#probing.get(m.id)
    this.#probing.delete(m.id)
    waiting?.({ ...m, received })
  }

  /** @param {any} m  to the engine */
  post(m) {
    if (m.type === 'hidden' && this.#responder) this.#responder.hidden = m.hidden
    if (this.#worker) this.#worker.postMessage(m)
    else this.#engine?.receive(m)
  }

  /**
   * Hands the channels to the engine. Must be called in the task that made
   * them: later they are not transferable.
   *
   * @param {RTCDataChannel} clock
   * @param {RTCDataChannel} control
   */
  adopt(clock, control) {
    if (!this.#worker) return this.#engine?.receive({ type: 'channels', clock, control })
    try {
      const transfer = /** @type {any[]} */ ([clock, control])
      this.#worker.postMessage({ type: 'channels', clock, control }, transfer)
    } catch {
      this.#adoptOnPage(clock, control)
    }
  }

  /**
   * Answers here, in the worker's time.
   *
   * @param {RTCDataChannel} clock
   * @param {RTCDataChannel} control
   */
  #adoptOnPage(clock, control) {
    this.clockThread = 'page'
    const responder = (this.#responder ??= new Responder(this.resolution))
    responder.shift = this.relation.shift
    responder.hidden = document.visibilityState === 'hidden'
    this.#link?.close()
    this.#link = new Link(responder, {
      map: map => this.post({ type: 'map', map }),
      control: text => this.post({ type: 'control', text }),
    })
    this.#link.adopt(clock, control)
  }

  close() {
    this.#link?.close()
    this.post({ type: 'close', leave: true })
    // The worker ends itself a moment later: what it sends last must leave.
    const worker = this.#worker
    setTimeout(() => worker?.terminate(), 200)
  }
}

/**
 * @param {(message: any) => void} on
 * @returns {Promise<Worker>}
 */
function startWorker(on) {
  return new Promise((resolve, reject) => {
    const worker = newWorker()
    const timer = setTimeout(() => fail('too slow'), WORKER_PATIENCE)
    const fail = (/** @type {unknown} */ reason) => {
      clearTimeout(timer)
      worker.terminate()
      reject(reason)
    }
    worker.onerror = fail
    worker.onmessage = ({ data }) => {
      if (data.type !== 'ready') return on(data)
      clearTimeout(timer)
      worker.onerror = null
      resolve(worker)
    }
  })
}

/** A worker must be of the page's own origin, so another's is imported by one. */
function newWorker() {
  const { href, origin } = new URL('./worker.js', import.meta.url)
  // Bundlers find the worker by this very form.
  if (origin === location.origin) return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'downbeat' })
  const text = new Blob([`import ${JSON.stringify(href)}`], { type: 'text/javascript' })
  return new Worker(URL.createObjectURL(text), { type: 'module', name: 'downbeat' })
}

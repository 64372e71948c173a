import { Engine } from './engine.js'
import { DataChannels } from './datachannels.js'
import { Responder, resolutionOf } from './responder.js'
import { WorkerClient, beside } from './workerclient.js'

/** @import { FromEngine, ToEngine } from './engine.js' */
/** @import { Relation } from './relation.js' */

/** A worker that takes longer to start is done without, ms. */
const WORKER_PATIENCE = 5000

/**
 * Runs the engine: in a worker where that works, else on the page.
 */
export class Host {
  /** @type {WorkerClient | null} */ #worker = null
  /** @type {Engine | null} */ #engine = null
  /** @type {DataChannels | null} */ #channels = null
  /** Answers pings on the page where channels can't go to the worker. */
  /** @type {Responder | null} */ #responder = null
  /** @type {(message: FromEngine) => void} */ #on
  resolution = resolutionOf()
  /** @type {Relation} */ relation = { shift: 0, error: 0 }
  /** Where pings over the data channel are answered. */
  /** @type {'worker' | 'page'} */ clockThread = 'page'

  /** @param {(message: FromEngine) => void} on  what the engine says */
  constructor(on) {
    this.#on = on
  }

  /** Starts the engine and relates its clock to the page's. */
  async start() {
    const worker = new WorkerClient(newWorker, beside(import.meta.url, 'downbeat-worker.js'), this.#on)
    try {
      await soon(worker.ready)
      this.#worker = worker
      this.clockThread = 'worker'
      await this.relate()
    } catch {
      worker.terminate()
      this.#worker = null
      this.clockThread = 'page'
      this.#engine = new Engine(this.#on)
    }
  }

  get inWorker() {
    return this.#worker !== null
  }

  /** Relates the clocks again; a no-op where there is but one. */
  async relate() {
    if (!this.#worker) return
    this.relation = await this.#worker.relate(this.resolution)
    if (this.#responder) this.#responder.shift = this.relation.shift
  }

  /** @param {ToEngine} m */
  post(m) {
    if (m.type === 'hidden' && this.#responder) this.#responder.hidden = m.hidden
    if (m.type === 'aside' && this.#channels?.send(m)) return
    if (this.#worker) this.#worker.post(m)
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
      this.#worker.post({ type: 'channels', clock, control }, transfer)
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
    this.#channels?.close()
    this.#channels = new DataChannels(responder, {
      map: map => this.post({ type: 'map', map }),
      control: text => this.post({ type: 'control', text }),
    })
    this.#channels.adopt(clock, control)
  }

  close() {
    this.#channels?.close()
    this.post({ type: 'close', leave: true })
    // The worker ends itself a moment later: what it sends last must leave.
    const worker = this.#worker
    setTimeout(() => worker?.terminate(), 200)
  }
}

/** Bundlers find the worker by this very form. */
function newWorker() {
  return new Worker(new URL('./downbeat-worker.js', import.meta.url), { type: 'module', name: 'downbeat' })
}

/**
 * @param {Promise<unknown>} started
 */
function soon(started) {
  return Promise.race([started, new Promise((_, reject) => setTimeout(reject, WORKER_PATIENCE))])
}

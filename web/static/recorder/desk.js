import { Thread, beside } from '../lib/thread.js'

/** The page's end of the recorder's worker. */
export class Desk {
  #thread
  #on

  /** @param {(message: any) => void} on  what the worker says; `ready` first, or `broken` */
  constructor(on) {
    this.#on = on
    this.#thread = new Thread(newWorker, beside(import.meta.url, 'downbeat-recorder-worker.js'), m => this.#receive(m))
    this.#thread.ready.then(() => this.#ready(), event => this.#broken(event))
  }

  #ready() {
    this.#thread.broken = event => this.#broken(event)
    this.#on({ type: 'ready' })
  }

  /** @param {ErrorEvent} event */
  #broken(event) {
    this.#on({ type: 'broken', error: event.message })
  }

  /**
   * How the worker's clock relates to the page's.
   *
   * @param {number} resolution  of both, ms
   */
  relate(resolution) {
    return this.#thread.relate(resolution)
  }

  /** @param {any} m */
  #receive(m) {
    if (m.type === 'closed') return this.#thread.terminate()
    this.#on(m)
  }

  /**
   * @param {any} m
   * @param {Transferable[]} [transfer]
   */
  post(m, transfer = []) {
    this.#thread.post(m, transfer)
  }

  /** Files are closed before the worker ends. */
  close() {
    this.#on = () => {}
    this.post({ type: 'close' })
    setTimeout(() => this.#thread.terminate(), 1000)
  }
}

/** Bundlers find the worker by this very form. */
function newWorker() {
  return new Worker(new URL('./downbeat-recorder-worker.js', import.meta.url), { type: 'module', name: 'recorder' })
}

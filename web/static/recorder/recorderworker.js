import { DownbeatError } from '../lib/signaling.js'
import { WorkerClient, beside } from '../lib/workerclient.js'
import { troubleOf } from './recordertroubles.js'

/** @import { FromRecorder } from './recorderengine.js' */

/** The page's end of the recorder's worker. */
export class RecorderWorker extends WorkerClient {
  #on
  #ending = new AbortController()

  /** @param {(message: any) => void} on  what the worker says; `ready` first, or `broken` */
  constructor(on) {
    super(newWorker, beside(import.meta.url, 'downbeat-recorder-worker.js'), m => this.#receive(m))
    this.#on = on
    globalThis.addEventListener?.('online', () => this.post({ type: 'hurry' }), { signal: this.#ending.signal })
    this.ready.then(() => this.#ready(), (/** @type {ErrorEvent} */ event) => this.#broken(event))
  }

  #ready() {
    this.broken = (/** @type {ErrorEvent} */ event) => this.#broken(event)
    this.#on({ type: 'ready' })
  }

  /** @param {ErrorEvent} event */
  #broken(event) {
    this.#on({ type: 'broken', error: event.message })
  }

  /** @param {FromRecorder} m */
  #receive(m) {
    if (m.type === 'closed') return this.terminate()
    this.#on(m)
  }

  /** Files are closed before the worker ends. */
  close() {
    this.#ending.abort()
    this.#on = () => {}
    this.post({ type: 'close' })
    setTimeout(() => this.terminate(), 1000)
  }
}

/**
 * Starts a worker that takes up what an earlier page left.
 *
 * @param {import('./upload.js').Target | null} server  where recordings go; null: nowhere
 * @param {(message: any) => void} on  what it says from then on, its end too
 * @returns {Promise<{worker: RecorderWorker, lasting: boolean, found: any[]}>}
 */
export function openWorker(server, on) {
  return new Promise((resolve, reject) => {
    const worker = new RecorderWorker(m => {
      if (m.type === 'ready') return worker.post({ type: 'open', server })
      if (m.type === 'opened') return resolve({ worker, lasting: m.lasting, found: m.found })
      if (m.type === 'broken') reject(new DownbeatError('unsupported', troubleOf('recorder_broken').message))
      on(m)
    })
  })
}

/** Bundlers find the worker by this very form. */
function newWorker() {
  return new Worker(new URL('./downbeat-recorder-worker.js', import.meta.url), { type: 'module', name: 'recorder' })
}

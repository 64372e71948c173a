import { relate } from './relation.js'

/** @import { Probe, Relation } from './relation.js' */

const PROBES = 12

/**
 * A module worker of the library, and how its clock relates to the page's. The worker says
 * `ready` first and answers each `probe`.
 */
export class WorkerClient {
  #on
  /** @type {Worker | undefined} */ #worker
  /** @type {Map<number, (m: any) => void>} */ #probing = new Map()
  #probes = 0
  /** Resolves when the worker runs; rejects when none can be started. */
  ready

  /**
   * Bundlers find a worker by the form `new Worker(new URL('./NAME.js', import.meta.url), {type:
   * 'module'})` alone, which therefore stands where the worker's file is next to it. A browser
   * refuses that to a page of another origin, whose worker has to import the file instead.
   *
   * @param {() => Worker} make
   * @param {string} href  of the same file
   * @param {(message: any) => void} on  what the worker says
   */
  constructor(make, href, on) {
    this.#on = on
    this.ready = new Promise((resolve, reject) => {
      const second = () => this.#run(importing(href), resolve, reject)
      try {
        this.#run(make(), resolve, new URL(href).origin === location.origin ? reject : second)
      } catch {
        second()
      }
    })
  }

  /**
   * @param {Worker} worker
   * @param {(value: any) => void} ready
   * @param {(error: any) => void} failed
   */
  #run(worker, ready, failed) {
    this.#worker = worker
    worker.onerror = event => {
      worker.terminate()
      failed(event)
    }
    worker.onmessage = ({ data }) => {
      if (data.type !== 'ready') return this.#receive(data)
      worker.onerror = null
      ready(undefined)
    }
  }

  /** @param {{type: string, id: number, answered: number, origin: number}} m  a probe's; of others the type alone is looked at */
  #receive(m) {
    if (m.type !== 'probe') return this.#on(m)
    const received = performance.now()
    this.#probing.get(m.id)?.({ ...m, received })
    this.#probing.delete(m.id)
  }

  /**
   * How the worker's clock relates to the page's.
   *
   * @param {number} resolution  of both, ms
   * @returns {Promise<Relation>}
   */
  async relate(resolution) {
    /** @type {Probe[]} */
    const probes = []
    let origin = 0
    for (let i = 0; i < PROBES; i++) {
      const sent = performance.now()
      const m = await this.#probe()
      probes.push({ sent, answered: m.answered, received: m.received })
      origin = m.origin
    }
    return relate(probes, performance.timeOrigin - origin, resolution)
  }

  /** @returns {Promise<any>} */
  #probe() {
    const id = ++this.#probes
    return new Promise(resolve => {
      this.#probing.set(id, resolve)
      this.post({ type: 'probe', id })
    })
  }

  /** @param {(event: ErrorEvent) => void} fn  what to do when the worker that runs breaks */
  set broken(fn) {
    if (this.#worker) this.#worker.onerror = fn
  }

  /**
   * @param {object} m
   * @param {Transferable[]} [transfer]
   */
  post(m, transfer) {
    if (transfer) this.#worker?.postMessage(m, transfer)
    else this.#worker?.postMessage(m)
  }

  terminate() {
    this.#worker?.terminate()
  }
}

/** @param {string} href */
function importing(href) {
  const url = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)}`], { type: 'text/javascript' }))
  return new Worker(url, { type: 'module' })
}

/**
 * The address of a file next to a module; not told to bundlers, which would copy it.
 *
 * @param {string} module  its import.meta.url
 * @param {string} name
 */
export function beside(module, name) {
  return String(module).replace(/[^/]*$/, name)
}

import { relate } from '../lib/relation.js'

/** @import { Probe, Relation } from '../lib/relation.js' */

const PROBES = 12

/** The page's end of the worker. */
export class Desk {
  #worker
  #on
  /** @type {Map<number, (m: any) => void>} */ #probing = new Map()
  #probes = 0

  /** @param {(message: any) => void} on  what the worker says */
  constructor(on) {
    this.#on = on
    this.#worker = new Worker(workerURL(), { type: 'module', name: 'recorder' })
    this.#worker.onmessage = ({ data }) => this.#receive(data)
    this.#worker.onerror = event => on({ type: 'broken', error: event.message })
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

  /** @param {any} m */
  #receive(m) {
    if (m.type === 'closed') return this.#worker.terminate()
    if (m.type !== 'probe') return this.#on(m)
    const received = performance.now()
    this.#probing.get(m.id)?.({ ...m, received })
    this.#probing.delete(m.id)
  }

  /**
   * @param {any} m
   * @param {Transferable[]} [transfer]
   */
  post(m, transfer = []) {
    this.#worker.postMessage(m, transfer)
  }

  /** Files are closed before the worker ends. */
  close() {
    this.#on = () => {}
    this.post({ type: 'close' })
    setTimeout(() => this.#worker.terminate(), 1000)
  }
}

/** A worker must be of the page's own origin, so another's is imported by one. */
function workerURL() {
  const url = new URL('./worker.js', import.meta.url)
  if (url.origin === location.origin) return url
  const text = `import ${JSON.stringify(url.href)}`
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
}

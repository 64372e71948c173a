/** A piece goes up once it has this many bytes, or has waited this long, ms. */
const PIECE = 256 * 1024
const WAIT = 1500
/** How often to look whether the file has grown, ms. */
const LOOK = 100

/**
 * A file that may still grow, as tus-js-client reads it.
 */
export class Growing {
  size = null
  #file
  #closed = false

  /** @param {{size: number, complete: boolean, read: (from: number, to: number) => Uint8Array<ArrayBuffer>}} file */
  constructor(file) {
    this.#file = file
  }

  /**
   * The bytes from `start` on, at most until `end`; waits until there are
   * some. `done`: the file ends there.
   *
   * @param {number} start
   * @param {number} end
   */
  async slice(start, end) {
    const since = performance.now()
    while (!this.#closed && !this.#enough(start, performance.now() - since)) await pause(LOOK)
    const { size, complete } = this.#file
    const to = Math.min(end, size)
    const value = new Blob([this.#file.read(start, to)])
    return { value, done: complete && to === size }
  }

  /**
   * @param {number} start
   * @param {number} waited  ms
   */
  #enough(start, waited) {
    const { size, complete } = this.#file
    return complete || size - start >= PIECE || (size > start && waited > WAIT)
  }

  close() {
    this.#closed = true
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

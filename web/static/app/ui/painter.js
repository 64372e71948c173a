/** Nothing is drawn this long before and after a scheduled instant, ms. */
const QUIET = 300
/** Least time between two drawings, ms. */
const GAP = 200

/**
 * Draws when it disturbs nobody: drawing takes the processor from tabs on the
 * same machine that are about to act. What is asked for is drawn together, in
 * an idle moment, each thing once, and never around an instant.
 */
export class Painter {
  /** @type {Map<string, () => void>} */ #wanted = new Map()
  /** @type {Map<string, number>} */ #instants = new Map()
  #timer = 0
  #last = -Infinity
  #closed = false

  /**
   * Keeps `instant` (of performance.now()) quiet.
   *
   * @param {string} commandId
   * @param {number} instant
   */
  avoid(commandId, instant) {
    if (!Number.isFinite(instant)) return
    for (const [id, at] of this.#instants) if (at + QUIET < performance.now()) this.#instants.delete(id)
    this.#instants.set(commandId, instant)
  }

  /** @param {string} commandId */
  forget(commandId) {
    this.#instants.delete(commandId)
  }

  /**
   * Draws by `fn` soon; the latest `fn` of that name counts.
   *
   * @param {string} name
   * @param {() => void} fn
   */
  ask(name, fn) {
    this.#wanted.set(name, fn)
    if (!this.#timer && !this.#closed) this.#wait()
  }

  close() {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#wanted.clear()
  }

  #wait() {
    const now = performance.now()
    const from = quietFrom([...this.#instants.values()], Math.max(now, this.#last + GAP))
    this.#timer = setTimeout(() => idle(() => this.#draw()), from - now)
  }

  #draw() {
    this.#timer = 0
    if (this.#closed) return
    const now = performance.now()
    if (quietFrom([...this.#instants.values()], now) > now) return this.#wait()
    this.#last = now
    const drawing = [...this.#wanted.values()]
    this.#wanted.clear()
    for (const fn of drawing) {
      try {
        fn()
      } catch (error) {
        reportError(error)
      }
    }
  }
}

/**
 * The earliest time from `now` on that is far enough from all instants.
 *
 * @param {number[]} instants
 * @param {number} now
 */
export function quietFrom(instants, now) {
  let from = now
  for (const instant of [...instants].sort((a, b) => a - b)) {
    if (from > instant - QUIET && from < instant + QUIET) from = instant + QUIET
  }
  return from
}

/** @param {() => void} fn */
function idle(fn) {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(fn, { timeout: 500 })
  else setTimeout(fn)
}

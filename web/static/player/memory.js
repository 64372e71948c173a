/** Readings kept; the oldest goes first. */
const KEPT = 7

/** Where there is no storage (a private window), it lasts as long as the page. */
/** @type {Map<string, string>} */
const page = new Map()

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(key) ?? page.get(key) ?? null
  } catch {
    return page.get(key) ?? null
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function write(key, value) {
  page.set(key, value)
  try {
    localStorage.setItem(key, value)
  } catch {
    // full or forbidden: the page's own copy is there
  }
}

/**
 * What this device has learnt of itself, kept for the next visit: readings of
 * one duration, ms, such as how late a start is after `play()`.
 */
export class Learnt {
  #key
  #fallback
  #limit
  /** @type {number[]} */ #readings

  /**
   * @param {string} key
   * @param {number} fallback  ms, until something is learnt
   * @param {number} limit     ms; longer ones count as this
   */
  constructor(key, fallback, limit) {
    this.#key = `downbeat:player:${key}`
    this.#fallback = fallback
    this.#limit = limit
    this.#readings = numbers(read(this.#key))
  }

  /** @param {number} ms */
  add(ms) {
    if (!(ms >= 0)) return
    this.#readings = [...this.#readings, Math.min(ms, this.#limit)].slice(-KEPT)
    write(this.#key, this.#readings.map(r => r.toFixed(2)).join(' '))
  }

  /** What to expect: outliers don't move it. */
  get median() {
    return this.#quantile(0.5)
  }

  /** What it rarely exceeds. */
  get high() {
    return this.#quantile(0.9)
  }

  /** @param {number} q */
  #quantile(q) {
    if (!this.#readings.length) return this.#fallback
    const sorted = this.#readings.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  }
}

/** @param {string | null} text */
function numbers(text) {
  return (text ?? '').split(' ').filter(Boolean).map(Number).filter(Number.isFinite).slice(-KEPT)
}

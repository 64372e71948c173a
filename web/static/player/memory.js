/**
 * What this device has learnt of itself, in ms, kept for the next visit: how
 * late a start is after `play()`, how long a seek takes, and the trim that
 * somebody set by ear.
 */

/** Readings kept of each; the oldest goes first. */
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

/** Readings of one duration, ms. */
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

const TRIM = 'downbeat:trim'
/** No output is later than that, ms. */
export const MAX_TRIM = 500

/** By how much this device's sound and picture come late, set by ear, ms. */
export function recallTrim() {
  return trimmed(Number(read(TRIM)))
}

/** @param {number} ms */
export function rememberTrim(ms) {
  write(TRIM, String(trimmed(ms)))
}

/** @param {number} ms */
export function trimmed(ms) {
  return Number.isFinite(ms) ? Math.max(-MAX_TRIM, Math.min(MAX_TRIM, ms)) : 0
}

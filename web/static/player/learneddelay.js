import { browser } from '../lib/webstorage.js'

/** Readings kept; the oldest goes first. */
const KEPT = 7

/**
 * What this device has learnt of itself, kept for the next visit: readings of
 * one duration, ms, such as how late a start is after `play()`.
 */
export class LearnedDelay {
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
    this.#readings = numbers(browser.get(this.#key))
  }

  /** @param {number} ms */
  add(ms) {
    if (!(ms >= 0)) return
    this.#readings = [...this.#readings, Math.min(ms, this.#limit)].slice(-KEPT)
    browser.set(this.#key, this.#readings.map(r => r.toFixed(2)).join(' '))
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

/**
 * What isn't as it should be, by the protocol's code, with its number.
 *
 * @typedef {object} Warning
 * @property {string} code
 * @property {number} [value]
 */

/** The server takes no more of them. */
const MOST = 16
/** Warnings of which less is worse. */
const LOW = new Set(['low_frame_rate', 'storage_low', 'battery_low'])

/** The warnings that hold now. */
export class Warnings {
  #changed
  #noted
  /** @type {Map<string, number | undefined>} */ #held = new Map()

  /**
   * @param {() => void} changed  one appeared or went; not: its number changed
   * @param {(code: string, value?: number) => void} [noted]  each time that one is said
   */
  constructor(changed, noted = () => {}) {
    this.#changed = changed
    this.#noted = noted
  }

  /**
   * @param {string} code
   * @param {number | boolean} value  false: it doesn't hold; true: it does, without a number
   */
  set(code, value) {
    const held = this.#held.has(code)
    if (value === false) {
      if (this.#held.delete(code)) this.#changed()
      return
    }
    const number = value === true ? undefined : rounded(value)
    this.#held.set(code, number)
    this.#noted(code, number)
    if (!held) this.#changed()
  }

  /** @param {string} code */
  has(code) {
    return this.#held.has(code)
  }

  /** @returns {Warning[]} */
  get all() {
    return listed(this.#held)
  }
}

/** The warnings of one recording, each with the worst of its numbers. */
export class WarningLog {
  /** @type {Map<string, number | undefined>} */ #worst = new Map()

  /**
   * @param {string} code
   * @param {number} [value]
   */
  note(code, value) {
    const before = this.#worst.get(code)
    const worse = before === undefined || (value !== undefined && (LOW.has(code) ? value < before : value > before))
    if (worse) this.#worst.set(code, value === undefined ? value : rounded(value))
  }

  /** @returns {Warning[]} */
  get all() {
    return listed(this.#worst)
  }
}

/** @param {Map<string, number | undefined>} map */
function listed(map) {
  return [...map].slice(0, MOST).map(([code, value]) => (value === undefined ? { code } : { code, value }))
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 100) / 100
}

/**
 * Web storage that never throws. Browsers refuse it where site data is blocked, and when
 * it is full: what is kept then lasts as long as the page.
 */
export class WebStorage {
  #area
  /** What the browser refused to keep. */
  /** @type {Map<string, string>} */ #page = new Map()

  /** @param {() => Storage} area  may throw */
  constructor(area) {
    this.#area = area
  }

  /**
   * @param {string} key
   * @returns {string | null}
   */
  get(key) {
    try {
      return this.#page.get(key) ?? this.#area().getItem(key)
    } catch {
      return null
    }
  }

  /**
   * @param {string} key
   * @param {string} value
   * @returns {boolean}  does it last longer than the page?
   */
  set(key, value) {
    try {
      this.#area().setItem(key, value)
      this.#page.delete(key)
      return true
    } catch {
      this.#page.set(key, value)
      return false
    }
  }

  /** @param {string} key */
  remove(key) {
    this.#page.delete(key)
    try {
      this.#area().removeItem(key)
    } catch {}
  }

  /**
   * What was set as JSON; null where nothing was, or something that isn't JSON.
   *
   * @param {string} key
   * @returns {any} whatever was stored, by an older version of the page perhaps
   */
  read(key) {
    try {
      return JSON.parse(this.get(key) ?? 'null')
    } catch {
      return null
    }
  }
}

/** For this browser, beyond its tabs. */
export const browser = new WebStorage(() => localStorage)
/** For this tab, beyond reloads; a duplicated tab begins with a copy. */
export const tab = new WebStorage(() => sessionStorage)

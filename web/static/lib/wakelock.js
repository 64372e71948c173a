/** Keeps the screen on, and with it camera and radio, while it is needed and the page is seen; where that is allowed. */
export class WakeLock {
  #needed = false
  /** @type {WakeLockSentinel | null} */ #lock = null
  #asking = false
  #ending = new AbortController()

  constructor() {
    document.addEventListener('visibilitychange', () => void this.#settle(), { signal: this.#ending.signal })
  }

  /** @param {boolean} needed */
  set needed(needed) {
    if (this.#needed === needed) return
    this.#needed = needed
    void this.#settle()
  }

  async #settle() {
    if (this.#asking) return
    if (!this.#needed) {
      this.#lock?.release().catch(() => {})
      this.#lock = null
      return
    }
    if (document.visibilityState !== 'visible' || (this.#lock && !this.#lock.released)) return
    this.#asking = true
    this.#lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
    this.#asking = false
    if (!this.#needed) void this.#settle()
  }

  close() {
    this.needed = false
    this.#ending.abort()
  }
}

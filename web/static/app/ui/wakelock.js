/** Keeps the screen on while `needed` says so and the page is seen, where that is allowed. */
export class WakeLock {
  #needed = false
  /** @type {WakeLockSentinel | null} */ #lock = null
  #asking = false

  constructor() {
    document.addEventListener('visibilitychange', () => this.#settle())
  }

  /** @param {boolean} needed */
  set needed(needed) {
    if (this.#needed === needed) return
    this.#needed = needed
    this.#settle()
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
    if (!this.#needed) this.#settle()
  }
}

/** Keeps the screen, and with it camera and radio, awake while it is on; where that is allowed. */
export class Awake {
  /** @type {WakeLockSentinel | null} */ #lock = null
  #on = false
  #ending = new AbortController()

  constructor() {
    document.addEventListener('visibilitychange', () => this.#ask(), { signal: this.#ending.signal })
  }

  /** @param {boolean} on */
  set on(on) {
    this.#on = on
    if (on) void this.#ask()
    else void this.#release()
  }

  async #ask() {
    if (!this.#on || document.visibilityState !== 'visible' || (this.#lock && !this.#lock.released)) return
    this.#lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
    if (!this.#on) await this.#release()
  }

  async #release() {
    const lock = this.#lock
    this.#lock = null
    await lock?.release().catch(() => {})
  }

  close() {
    this.on = false
    this.#ending.abort()
  }
}

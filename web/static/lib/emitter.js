/** Dispatches events whose `detail` is their data. */
export class Emitter extends EventTarget {
  /**
   * Listens to an event's data; returns a function that ends it.
   *
   * @param {string} name
   * @param {(data: any) => void} fn
   * @returns {() => void}
   */
  on(name, fn) {
    const listener = (/** @type {Event} */ event) => fn(/** @type {CustomEvent} */ (event).detail)
    this.addEventListener(name, listener)
    return () => this.removeEventListener(name, listener)
  }

  /**
   * @protected
   * @param {string} name
   * @param {unknown} detail
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }
}

/** @import { PlaybackState, Timeline } from './timeline.js' */
/** @import { EventData } from './wire.js' */

/**
 * The library's own events; those of the protocol come under their names.
 *
 * @typedef {object} OwnEvents
 * @property {null} clock  state, bound or path changed
 * @property {Timeline} timeline  it changed, as a rule ahead of time
 * @property {PlaybackState} playback  it holds from now on
 * @property {{reason: string, inMs: number, code?: string}} reconnecting
 * @property {{id: number, time?: number, lateness?: number, device?: number, error?: string}} acted  an `at` of the worker
 * @property {{commandId: string, lateMs: number, reason: string}} missed  a command wasn't carried out, since it was too late
 * @property {{message: string}} failed  something is missing or broken, and it goes on without
 * @property {{code: string, message: string}} closed  for good; the message says what to do
 */

/** Dispatches events whose `detail` is their data. */
export class Emitter extends EventTarget {
  /**
   * Listens to an event's data; returns a function that ends it.
   *
   * @template {string} K
   * @param {K} name
   * @param {(data: K extends keyof OwnEvents ? OwnEvents[K] : K extends keyof EventData ? EventData[K] : any) => void} fn
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

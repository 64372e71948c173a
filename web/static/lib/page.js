/**
 * What the page learns of its surroundings.
 *
 * @typedef {object} PageEvents
 * @property {(hidden: boolean) => void} hidden  the page went to the background or came back
 * @property {() => void} moved                  the network changed
 * @property {() => void} gone                   the page is being left for good
 */

/**
 * @param {AbortSignal} signal  ends it
 * @param {PageEvents} on
 */
export function watchPage(signal, on) {
  const options = { signal }
  document.addEventListener('visibilitychange', () => on.hidden(document.visibilityState === 'hidden'), options)
  addEventListener('online', on.moved, options)
  addEventListener('pagehide', ({ persisted }) => persisted || on.gone(), options)
  const connection = /** @type {any} */ (navigator).connection // not in every browser
  connection?.addEventListener?.('change', on.moved, options)
}

/**
 * What the page learns of its surroundings.
 *
 * @typedef {object} PageEvents
 * @property {(hidden: boolean) => void} hidden  the page went to the background or came back
 * @property {() => void} back    it is seen again
 * @property {() => void} moved   the network is another one
 * @property {() => void} thawed  it was frozen, as browsers do to pages in the background, or left and gone back to
 * @property {() => void} gone    it is being left for good
 */

/**
 * @param {AbortSignal} signal  ends it
 * @param {PageEvents} on
 */
export function watchPage(signal, on) {
  const options = { signal }
  document.addEventListener('visibilitychange', () => {
    const hidden = document.visibilityState === 'hidden'
    on.hidden(hidden)
    if (!hidden) on.back()
  }, options)
  document.addEventListener('resume', on.thawed, options)
  addEventListener('online', on.moved, options)
  addEventListener('pagehide', ({ persisted }) => persisted || on.gone(), options)
  addEventListener('pageshow', ({ persisted }) => persisted && on.thawed(), options)
  watchType(on.moved, options)
}

/**
 * Tells when another kind of network is used, where the browser knows kinds. It
 * says `change` for its estimates of speed as well, which are no news.
 *
 * @param {() => void} moved
 * @param {{signal: AbortSignal}} options
 */
function watchType(moved, options) {
  const { connection } = /** @type {Navigator & {connection?: EventTarget & {type?: string}}} */ (navigator)
  let type = connection?.type
  connection?.addEventListener?.('change', () => {
    if (connection.type === type) return
    type = connection.type
    if (type !== 'none') moved()
  }, options)
}

/**
 * What this page has to do without.
 *
 * @param {boolean} worker  is there one?
 */
export function lacking(worker) {
  /** @type {('worker' | 'webrtc' | 'isolation')[]} */
  const missing = []
  if (!worker) missing.push('worker')
  if (typeof RTCPeerConnection === 'undefined') missing.push('webrtc')
  if (!globalThis.crossOriginIsolated) missing.push('isolation')
  return missing
}

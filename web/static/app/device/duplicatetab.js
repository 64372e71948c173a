/**
 * Tells when this page is open twice in one browser, for the same session: both would
 * be devices, and share one camera.
 *
 * @param {string} sessionId
 * @param {(twice: boolean) => void} found  false: the other one has gone
 * @returns {() => void}  ends it
 */
export function watchTwins(sessionId, found) {
  /** @type {BroadcastChannel} */
  let channel
  try {
    channel = new BroadcastChannel(`downbeat:device:${sessionId}`)
  } catch {
    return () => {} // none in this browser, or blocked
  }
  channel.onmessage = ({ data }) => {
    found(data !== 'bye')
    if (data !== 'here too') channel.postMessage('here too') // a third may be there
  }
  const bye = () => channel.postMessage('bye')
  addEventListener('pagehide', bye)
  channel.postMessage('hello')
  return () => {
    bye()
    removeEventListener('pagehide', bye)
    channel.close()
  }
}

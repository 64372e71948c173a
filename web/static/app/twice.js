/**
 * Tells when this page is open twice in one browser, for the same session: both would
 * be devices, and share one camera.
 *
 * @param {string} sessionId
 * @param {() => void} found
 * @returns {() => void}  ends it
 */
export function watchTwins(sessionId, found) {
  if (!('BroadcastChannel' in globalThis)) return () => {}
  const channel = new BroadcastChannel(`downbeat:device:${sessionId}`)
  channel.onmessage = ({ data }) => {
    found()
    if (data === 'hello') channel.postMessage('here too')
  }
  channel.postMessage('hello')
  return () => channel.close()
}

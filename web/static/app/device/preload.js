import { at } from '../ui/server.js'

/**
 * Starts what takes long at the first time while the user still decides: the
 * browser's WebRTC, and the files of recorder and worker. A device can't change its
 * view once it has joined, so that nothing is told to the server yet.
 */
export function warm() {
  import('./filming.js').catch(() => {}) // said when it is used
  const link = document.createElement('link')
  link.rel = 'modulepreload'
  link.href = at('lib/downbeat-worker.js')
  document.head.append(link)
  if (!('RTCPeerConnection' in globalThis)) return
  const peer = new RTCPeerConnection()
  peer.createDataChannel('warm')
  peer.createOffer().catch(() => {}).finally(() => peer.close())
}

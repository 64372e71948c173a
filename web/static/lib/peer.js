/** How long a broken ICE connection may mend itself, ms. */
const MENDING = 4000

/**
 * @typedef {object} PeerEvents
 * @property {(clock: RTCDataChannel, control: RTCDataChannel) => void} channels
 *   called in the task that made them
 * @property {(candidate: string) => void} candidate
 * @property {(path: 'udp' | 'tcp') => void} connected
 * @property {() => void} broken  a new offer is needed
 */

/** The page's half of WebRTC: the connection, without what runs over it. */
export class Peer {
  #on
  /** @type {RTCPeerConnection | null} */ #pc = null
  /** @type {RTCPeerConnection | null} */ #spare = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #mending

  /** @param {PeerEvents} on */
  constructor(on) {
    this.#on = on
  }

  /**
   * Makes the next connection ahead of its offer: the first one of a page
   * takes the browser tens of milliseconds, which the worker's start covers.
   */
  warm() {
    if (typeof RTCPeerConnection !== 'undefined') this.#spare ??= new RTCPeerConnection()
  }

  /**
   * Starts a connection again and returns its offer, without waiting for any
   * candidate; '' where there is no WebRTC.
   */
  async offer() {
    if (typeof RTCPeerConnection === 'undefined') return ''
    const pc = this.#spare ?? new RTCPeerConnection()
    this.#spare = null
    this.close()
    this.#pc = pc
    pc.onicecandidate = ({ candidate }) => {
      if (usable(candidate)) this.#on.candidate(candidate.candidate)
    }
    pc.onconnectionstatechange = () => this.#changed(pc)
    const clock = pc.createDataChannel('clock', { ordered: false, maxRetransmits: 0 })
    const control = pc.createDataChannel('control')
    this.#on.channels(clock, control)
    await pc.setLocalDescription()
    return this.#pc === pc ? (pc.localDescription?.sdp ?? '') : ''
  }

  /** @param {string} sdp */
  async answer(sdp) {
    if (this.#pc?.signalingState !== 'have-local-offer') return
    await this.#pc.setRemoteDescription({ type: 'answer', sdp })
  }

  /** @param {string} candidate */
  async candidate(candidate) {
    if (this.#pc?.remoteDescription) await this.#pc.addIceCandidate({ candidate, sdpMid: '0' })
  }

  /** @param {RTCPeerConnection} pc */
  async #changed(pc) {
    if (this.#pc !== pc) return
    clearTimeout(this.#mending)
    if (pc.connectionState === 'connected') this.#on.connected(await transportOf(pc))
    if (pc.connectionState === 'failed') this.#on.broken()
    if (pc.connectionState === 'disconnected') this.#mending = setTimeout(this.#on.broken, MENDING)
  }

  close() {
    clearTimeout(this.#mending)
    this.#pc?.close()
    this.#spare?.close()
    this.#pc = this.#spare = null
  }
}

/**
 * Candidates behind a `.local` name are of no use to a server that doesn't
 * ask mDNS; it learns the address from the first check anyway.
 *
 * @param {RTCIceCandidate | null} candidate
 * @returns {candidate is RTCIceCandidate}
 */
function usable(candidate) {
  return !!candidate?.candidate && !candidate.candidate.includes('.local')
}

/**
 * @param {RTCPeerConnection} pc
 * @returns {Promise<'udp' | 'tcp'>}
 */
async function transportOf(pc) {
  const stats = await pc.getStats()
  for (const entry of stats.values()) {
    if (entry.type !== 'candidate-pair' || !entry.nominated || entry.state !== 'succeeded') continue
    if (stats.get(entry.localCandidateId)?.protocol === 'tcp') return 'tcp'
  }
  return 'udp'
}

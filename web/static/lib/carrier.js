import { Host } from './host.js'
import { watchPage } from './page.js'
import { Peer } from './peer.js'
import * as wire from './wire.js'

/** @import { FromEngine, ToEngine } from './engine.js' */
/** @import { CandidateRequest, JoinSessionRequest } from './wire.js' */

/**
 * @typedef {object} CarrierEvents
 * @property {(message: FromEngine) => void} message  from the engine, but for what is settled here
 * @property {(text: string) => void} failed
 * @property {() => void} related  the engine's clock was related to the page's
 */

/** The engine, the page's half of WebRTC, and what the page notices of its surroundings. */
export class Carrier {
  #on
  #peer
  #ending = new AbortController()
  host
  /** @type {'udp' | 'tcp'} */ transport = 'udp'

  /** @param {CarrierEvents} on */
  constructor(on) {
    this.#on = on
    this.host = new Host(m => this.#receive(m))
    this.#peer = new Peer({
      channels: (clock, control) => this.host.adopt(clock, control),
      candidate: candidate => this.post({ type: 'candidate', candidate }),
      connected: transport => (this.transport = transport),
      broken: () => this.#offer(),
    })
  }

  /** @param {ToEngine} m */
  post(m) {
    this.host.post(m)
  }

  async start() {
    this.#peer.warm()
    await this.host.start()
    this.#on.related()
  }

  /**
   * Joins, and follows what happens to the page.
   *
   * @param {{urls: string[], join: JoinSessionRequest, actions?: string}} m
   */
  open(m) {
    watchPage(this.#ending.signal, {
      hidden: hidden => this.post({ type: 'hidden', hidden }),
      back: () => this.post({ type: 'check' }),
      moved: () => this.post({ type: 'moved' }),
      thawed: () => this.#thawed(),
      gone: () => this.#peer.close(),
    })
    this.post({ type: 'open', ...m, hidden: document.visibilityState === 'hidden' })
  }

  /** @param {FromEngine} m */
  #receive(m) {
    switch (m.type) {
      case 'offer-wanted': return void this.#offer()
      case 'answer': return void this.#answered(m.sdp)
      case 'event': this.#event(m.event, m.data)
    }
    this.#on.message(m)
  }

  /**
   * @param {string} event
   * @param {unknown} data
   */
  #event(event, data) {
    if (event !== wire.CANDIDATE) return // which no server of today sends
    const { candidate } = /** @type {CandidateRequest} */ (data)
    this.#peer.candidate(candidate).catch(() => {})
  }

  async #offer() {
    try {
      this.post({ type: 'offer', sdp: await this.#peer.offer() })
    } catch (error) {
      this.post({ type: 'offer', sdp: '' })
      this.#on.failed(`WebRTC: ${error}`)
    }
  }

  /** @param {string} sdp */
  #answered(sdp) {
    this.#peer.answer(sdp).catch(error => this.#on.failed(`WebRTC: ${error}`))
  }

  /** Clock and connections stood still while the page was frozen: both begin again. */
  #thawed() {
    this.resync()
    this.post({ type: 'renew' })
  }

  async resync() {
    this.post({ type: 'resync' })
    await this.host.relate()
    this.#on.related()
  }

  close() {
    this.#ending.abort()
    this.#peer.close()
    this.host.close()
  }
}

import { Keyed } from '../ui/keyed.js'
import { filmWarning, step, watches } from './step.js'
import { alertError, byId, el, reveal, say, setPill } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Device, Roster } from './roster.js' */
/** @import { Report } from '../../lib/wire.js' */

/** Who is how far from where it should be, who is waited for, and what is wrong with the film. */
export class PlaybackDevices {
  #session
  #roster
  /** When each device followed the last play or pause, ms against the instant. */
  /** @type {Map<string, number>} */ #followed = new Map()
  #list

  /**
   * @param {Session} session
   * @param {Roster} roster
   */
  constructor(session, roster) {
    this.#session = session
    this.#roster = roster
    this.#list = new Keyed(byId('in-sync'), device => this.#item(device))
    byId('go-on').onclick = () => void session.syncPlayback({ isPlaying: true }).catch(alertError)
  }

  /** Another play or pause was ordered. */
  forget() {
    this.#followed.clear()
  }

  /** @param {Report} report */
  report({ devices }) {
    for (const { deviceId, errorMs } of devices) if (errorMs != null && Number.isFinite(errorMs)) this.#followed.set(deviceId, errorMs)
  }

  draw() {
    const now = this.#session.now()
    const { mediaUrl } = this.#session.timeline.at(now)
    const watching = this.#roster.devices.filter(watches)
    reveal(byId('in-sync-empty'), watching.length === 0)
    this.#list.show(watching.map(d => [d.deviceId, d]))
    const warning = mediaUrl ? filmWarning(watching, mediaUrl, now) : ''
    reveal(byId('film-warning'), warning !== '')
    say(byId('film-warning'), warning)
    this.#drawWait()
  }

  #drawWait() {
    const { waitingFor, waitLimitMs } = this.#session.timeline.info
    reveal(byId('waiting'), waitingFor.length > 0)
    if (!waitingFor.length) return
    const names = waitingFor.map(id => this.#roster.name(id)).join(', ')
    say(byId('waiting-words'), `Everybody waits for ${names}, for ${Math.round(waitLimitMs / 1000)} s at most.`)
    reveal(byId('go-on'), this.#session.isLeader)
  }

  /**
   * @param {Device} first
   * @returns {import('../ui/keyed.js').Part<Device>}
   */
  #item(first) {
    const name = el('span', { className: 'what' })
    const words = el('span', { className: 'soft' })
    const pill = el('span', { className: 'pill' })
    const update = (/** @type {Device} */ device) => {
      const is = step(device, this.#followed.get(device.deviceId), this.#session.now())
      say(name, this.#roster.name(first.deviceId))
      say(words, is.words)
      setPill(pill, is.word, is.kind)
    }
    return { node: el('li', {}, name, words, pill), update }
  }
}

import { Card } from './card.js'
import { Keyed } from '../ui/keyed.js'
import { acts, records } from './kinds.js'
import { verdict } from './readiness.js'
import { byId, reveal, say } from '../ui/ui.js'

/** @import { ReadinessPanel } from './readinesspanel.js' */
/** @import { CardState } from './card.js' */
/** @import { CardTools } from './cardtools.js' */
/** @import { Device, Roster } from './roster.js' */
/** @import { Purpose } from './readiness.js' */

/** From so many devices on they can be filtered. */
const MANY = 6
const SHOW = /** @type {const} */ (['all', 'bad', 'cameras'])

/** A card for each device; what changes is changed in place. */
export class CardGrid {
  #roster
  #readiness
  #on
  #list
  /** @type {typeof SHOW[number]} */ #show = 'all'

  /**
   * @param {Roster} roster
   * @param {ReadinessPanel} readiness
   * @param {object} on
   * @param {CardTools} on.tools
   * @param {() => Purpose} on.purpose
   * @param {() => number} on.now  session ms
   * @param {() => boolean} on.leads
   */
  constructor(roster, readiness, on) {
    this.#roster = roster
    this.#readiness = readiness
    this.#on = on
    this.#list = new Keyed(byId('devices'), (/** @type {CardState} */ { device }) => new Card(device.deviceId, on.tools))
    for (const show of SHOW) byId(`show-${show}`).onchange = () => {
      this.#show = show
      this.draw()
    }
  }

  draw() {
    const { devices } = this.#roster
    const there = devices.filter(d => d.isConnected).length
    say(byId('devices-sum'), devices.length ? `${there} of ${devices.length} connected` : '')
    reveal(byId('filter'), devices.length >= MANY || this.#show !== 'all')
    const shown = devices.filter(d => this.#shows(d))
    reveal(byId('devices-empty'), shown.length === 0)
    say(byId('devices-empty'), devices.length ? 'None of them.' : 'None yet. Scan the code with a phone, or open the link in another tab.')
    document.body.classList.toggle('nobody', devices.length === 0)
    this.#list.show(shown.map(d => [d.deviceId, this.#state(d)]))
  }

  /** @param {Device} device */
  #shows(device) {
    if (this.#show === 'cameras') return records(device)
    return this.#show === 'all' || (acts(device) && !this.#verdict(device).go)
  }

  /** @param {Device} device */
  #verdict(device) {
    return verdict(device, this.#readiness.wanted(device, this.#purposeFor(device)))
  }

  /** @param {Device} device  what it is looked at for: one that doesn't film is to act all the same */
  #purposeFor(device) {
    const purpose = this.#on.purpose()
    return purpose === 'film' && !this.#roster.means(device, 'film') ? 'act' : purpose
  }

  /**
   * @param {Device} device
   * @returns {CardState}
   */
  #state(device) {
    const { deviceId } = device
    return {
      device, verdict: this.#verdict(device),
      name: this.#roster.name(deviceId), kind: this.#roster.kind(device),
      user: this.#roster.userName(device.userId),
      aside: this.#roster.isAside(deviceId), out: this.#roster.isOut(deviceId),
      sound: this.#roster.sound(device), filming: this.#on.purpose() === 'film',
      leads: this.#on.leads(), now: this.#on.now(),
    }
  }
}

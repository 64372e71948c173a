import { browser } from '../../lib/webstorage.js'
import { setLight } from '../ui/lights.js'
import { span } from '../ui/format.js'
import { serversApart, together, verdict, warningsOf } from './readiness.js'
import { acts } from './kinds.js'
import { byId, el, reveal, say } from '../ui/ui.js'

/** @import { Purpose, Wanted } from './readiness.js' */
/** @import { Device, Roster } from './roster.js' */

/** Where the chosen limit is kept, for this browser. */
const KEPT = 'downbeat:limit'
/** Reasons shown; of more there is their number. */
const SHOWN = 6

/** The light for all devices, and the limit that their clocks are held to. */
export class ReadinessPanel {
  #roster
  #purpose
  #limit = /** @type {HTMLSelectElement} */ (byId('limit'))

  /**
   * @param {Roster} roster
   * @param {() => Purpose} purpose  what the page is for now
   * @param {() => void} changed  the limit is another
   */
  constructor(roster, purpose, changed) {
    this.#roster = roster
    this.#purpose = purpose
    const kept = browser.get(KEPT)
    if ([...this.#limit.options].some(o => o.value === kept)) this.#limit.value = kept ?? ''
    this.#limit.onchange = () => {
      browser.set(KEPT, this.#limit.value)
      changed()
    }
  }

  /**
   * What a device must fulfil.
   *
   * @param {Device} device
   * @param {Purpose} [purpose]
   * @returns {Wanted}
   */
  wanted(device, purpose = this.#purpose()) {
    return { limitMs: Number(this.#limit.value), purpose, sound: this.#roster.sound(device) }
  }

  /**
   * May the leader rely on all that are meant?
   *
   * @param {Purpose} [purpose]
   */
  verdict(purpose = this.#purpose()) {
    const meant = this.#roster.expected(purpose)
    const others = this.#roster.devices.filter(d => d.isConnected && acts(d)).length - meant.filter(d => d.isConnected).length
    return together(meant.map(d => ({
      name: this.#roster.name(d.deviceId),
      verdict: verdict(d, this.wanted(d, purpose)),
      warnings: purpose === 'film' ? warningsOf(d, this.#roster.sound(d)).length : 0,
    })), purpose, Math.max(0, others))
  }

  draw() {
    const { state, light, words, reasons } = this.verdict()
    setLight(byId('ready-light'), state, light)
    say(byId('ready-words'), words)
    reveal(byId('limit-field'), state !== 'none' && this.#purpose() !== 'watch')
    const list = byId('ready-why')
    const apart = serversApart(this.#roster.devices)
    const shown = reasons.slice(0, SHOWN)
    if (reasons.length > shown.length) shown.push(`and ${reasons.length - shown.length} more`)
    if (apart > 0) shown.unshift(`the servers’ session times may be ${span(apart)} apart, more than the devices’ clocks: look at the servers`)
    reveal(list, shown.length > 0)
    if (list.dataset.text === shown.join('\n')) return
    list.dataset.text = shown.join('\n')
    list.replaceChildren(...shown.map(text => el('li', {}, text)))
  }
}

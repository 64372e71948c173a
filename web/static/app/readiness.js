import { browser } from '../lib/kept.js'
import { setLight } from './cards.js'
import { together, verdict } from './ready.js'
import { byId, el, reveal, say } from './ui.js'

/** @import { Wanted } from './ready.js' */
/** @import { Roster } from './roster.js' */

/** Where the chosen limit is kept, for this browser. */
const KEPT = 'downbeat:limit'

/** The light for all devices, and the limit that their clocks are held to. */
export class Readiness {
  #roster
  #limit = /** @type {HTMLSelectElement} */ (byId('limit'))

  /**
   * @param {Roster} roster
   * @param {() => void} changed  the limit is another
   */
  constructor(roster, changed) {
    this.#roster = roster
    const kept = browser.get(KEPT)
    if ([...this.#limit.options].some(o => o.value === kept)) this.#limit.value = kept ?? ''
    this.#limit.onchange = () => {
      browser.set(KEPT, this.#limit.value)
      changed()
    }
  }

  /**
   * @param {boolean} [recording]
   * @returns {Wanted}
   */
  wanted(recording = true) {
    return { limitMs: Number(this.#limit.value), recording }
  }

  /**
   * May the leader rely on all that are waited for?
   *
   * @param {boolean} [recording]
   */
  verdict(recording = true) {
    return together(this.#roster.expected.map(d => ({
      name: this.#roster.name(d.deviceId), verdict: verdict(d, this.wanted(recording)),
    })))
  }

  draw() {
    const { go, words, reasons } = this.verdict()
    setLight(byId('ready-light'), go ? 'go' : 'stop')
    say(byId('ready-words'), words)
    const list = byId('ready-why')
    reveal(list, reasons.length > 0)
    const shown = reasons.slice(0, 6)
    if (reasons.length > shown.length) shown.push(`and ${reasons.length - shown.length} more`)
    if (list.dataset.text === shown.join('\n')) return
    list.dataset.text = shown.join('\n')
    list.replaceChildren(...shown.map(text => el('li', {}, text)))
  }
}

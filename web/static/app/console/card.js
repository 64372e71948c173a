import { CardFacts } from './cardfacts.js'
import * as format from '../ui/format.js'
import { acts, records } from './kinds.js'
import { LevelBar } from '../ui/levelbar.js'
import { setLight } from '../ui/lights.js'
import { percent, share } from './readinesswords.js'
import { warningsOf } from './readiness.js'
import { el, reveal, say } from '../ui/ui.js'

/** @import { CardTools } from './cardtools.js' */
/** @import { Device } from './roster.js' */
/** @import { Verdict } from './readiness.js' */

/**
 * A device as its card shows it.
 *
 * @typedef {object} CardState
 * @property {Device} device
 * @property {Verdict} verdict
 * @property {string} name
 * @property {string} kind
 * @property {string} user     the name of whose it is
 * @property {boolean} aside   nobody waits for it
 * @property {boolean} out     it is left out of takes
 * @property {boolean} sound   its takes have sound
 * @property {boolean} filming the page is about takes
 * @property {boolean} leads   this console may do something to it
 * @property {number} now      session ms
 */

/** A device: how ready it is, what it sees and hears, what is wrong with it; more on demand. */
export class Card {
  #nameButton = /** @type {HTMLButtonElement} */ (el('button', { type: 'button', className: 'name-button', onclick: () => this.#rename() }))
  #name = el('h3', { className: 'card-name' }, this.#nameButton)
  #light = el('span', { className: 'light' })
  #still = /** @type {HTMLImageElement} */ (el('img', { className: 'card-still', hidden: true }))
  #level = new LevelBar()
  #line = el('p', { className: 'card-line' })
  #why = el('p', { className: 'card-why' })
  #warnings = el('ul', { className: 'card-warn', hidden: true })
  #note = el('p', { className: 'card-line' })
  #records = /** @type {HTMLInputElement} */ (el('input', { type: 'checkbox', onchange: () => this.#tools.leaveOut(this.#id, !this.#records.checked) }))
  #recordsField = el('label', { className: 'tick' }, this.#records, 'Records')
  #aside = el('button', { type: 'button', className: 'quiet aside-button', onclick: () => this.#tools.setAside(this.#id) })
  #summary = el('summary', {}, 'More')
  #more = /** @type {HTMLDetailsElement} */ (el('details', { className: 'fold', ontoggle: () => this.#drawMore() }, this.#summary))
  /** @type {CardFacts | null} */ #facts = null
  /** @type {ReturnType<CardTools['of']> | null} */ #actions = null
  /** @type {CardState | null} */ #state = null
  #id
  #tools
  node = el('li', { className: 'card' },
    this.#still, el('div', { className: 'card-head' }, this.#name, this.#light), this.#level.node,
    this.#line, this.#why, this.#warnings, this.#note,
    el('div', { className: 'card-foot' }, this.#recordsField, this.#aside, this.#more))

  /**
   * @param {string} deviceId
   * @param {CardTools} tools
   */
  constructor(deviceId, tools) {
    this.#id = deviceId
    this.#tools = tools
  }

  /** @param {CardState} state */
  update(state) {
    const { device, verdict, name, aside, out, leads } = state
    const before = this.#state?.name
    this.#state = state
    say(this.#nameButton, name)
    if (this.#nameButton.disabled === leads) this.#nameButton.disabled = !leads
    if (name !== before) this.#label(name)
    const acting = acts(device)
    const films = state.filming && records(device)
    setClass(this.node, ['card', device.isConnected ? '' : 'away', aside || (films && out) ? 'aside' : ''])
    setLight(this.#light, ...lightOf(state))
    say(this.#line, lineOf(state))
    say(this.#why, acting && !aside ? verdict.reasons.join(' · ') : '')
    this.#warn(acting && state.filming ? warningsOf(device, state.sound) : [])
    say(this.#note, device.status?.note ?? '')
    reveal(this.#recordsField, films && leads)
    if (this.#records.checked === out) this.#records.checked = !out
    reveal(this.#aside, acting && (aside || !verdict.go))
    say(this.#aside, aside ? 'Wait for it again' : 'Don’t wait for it')
    this.#see(state)
    this.#drawMore()
  }

  /** @param {string} name */
  #label(name) {
    this.#nameButton.title = name
    this.#aside.setAttribute('aria-label', `Wait for ${name} or not`)
    this.#records.setAttribute('aria-label', `${name} records`)
    this.#summary.setAttribute('aria-label', `More about ${name}`)
    this.#still.alt = `What ${name} sees`
    this.#level.label(`Sound at ${name}`)
  }

  /** Opens what there is about the device where its name stands to be changed. */
  #rename() {
    this.#more.open = true
    this.#drawMore()
    const input = this.#more.querySelector('input')
    input?.focus()
    input?.select()
  }

  /** @param {{text: string, stops: boolean}[]} warnings */
  #warn(warnings) {
    const text = warnings.map(w => w.text).join('\n')
    reveal(this.#warnings, text !== '')
    if (this.#warnings.dataset.text === text) return
    this.#warnings.dataset.text = text
    this.#warnings.replaceChildren(...warnings.map(w => el('li', {}, w.text)))
  }

  /**
   * The picture and the sound that the device sent last.
   *
   * @param {CardState} state
   */
  #see({ device, filming, sound }) {
    const seen = filming && device.isConnected && records(device) ? this.#tools.seen(this.#id) : null
    reveal(this.#still, !!seen?.image)
    if (seen?.image && this.#still.src !== seen.image) this.#still.src = seen.image
    const peak = seen?.peakDb ?? (filming && device.isConnected ? device.status?.levelDb : undefined)
    this.#level.show(sound && records(device) ? peak : undefined)
  }

  #drawMore() {
    if (!this.#more.open || !this.#state) return
    if (!this.#facts || !this.#actions) {
      this.#facts = new CardFacts()
      this.#actions = this.#tools.of(this.#id)
      this.#more.append(this.#facts.node, this.#actions.node)
    }
    this.#facts.update(this.#state.device, this.#state.now)
    this.#actions.update(this.#state)
  }
}

/**
 * @param {CardState} state
 * @returns {[import('../ui/lights.js').LightState, string?]}
 */
function lightOf({ device, verdict, aside, out, filming }) {
  if (!acts(device)) return ['']
  if (aside) return ['aside']
  if (!verdict.go) return ['stop']
  if (filming && !records(device)) return ['none', 'Doesn’t film']
  return filming && out ? ['none', 'Left out'] : ['go']
}

/** @param {Device['sync']} sync */
export function clockFact(sync) {
  if (!sync || sync.state === 'unsynced') return ''
  return sync.state === 'none' ? 'no clock of its own' : `clock ± ${format.span(sync.boundMs)}`
}

/**
 * What there is to know at a glance.
 *
 * @param {CardState} state
 */
function lineOf({ device, kind }) {
  const { isConnected, sync, status } = device
  if (!isConnected) return kind
  const battery = share(status?.battery)
  const facts = [
    clockFact(sync),
    battery == null ? '' : `battery ${percent(battery)}`,
    status?.pendingBytes ? `${format.bytes(status.pendingBytes)} to send` : '',
  ].filter(Boolean).map(fact => fact.replaceAll(' ', '\u00a0')) // a line breaks between them
  return [kind, ...facts].filter(Boolean).join(' · ')
}

/**
 * @param {HTMLElement} node
 * @param {string[]} names
 */
function setClass(node, names) {
  const name = names.filter(Boolean).join(' ')
  if (node.className !== name) node.className = name
}

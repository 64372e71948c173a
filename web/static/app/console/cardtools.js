import { ask } from '../ui/ask.js'
import { attempt } from '../ui/attempt.js'
import { CameraChoices } from './camerachoices.js'
import { limit } from '../ui/limits.js'
import { records } from './kinds.js'
import { el, reveal } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { CardState } from './card.js' */
/** @import { MonitorView, Seen } from './monitorview.js' */
/** @import { Roster } from './roster.js' */

/** What a director may do to a device, for the cards. */
export class CardTools {
  #session
  #roster
  #monitor
  #changed

  /**
   * @param {Session} session
   * @param {Roster} roster
   * @param {MonitorView} monitor
   * @param {() => void} changed  something that this console knows alone is another
   */
  constructor(session, roster, monitor, changed) {
    this.#session = session
    this.#roster = roster
    this.#monitor = monitor
    this.#changed = changed
  }

  /**
   * @param {string} deviceId
   * @returns {Seen | null}
   */
  seen(deviceId) {
    return this.#monitor.of(deviceId)
  }

  /** @param {string} deviceId */
  setAside(deviceId) {
    this.#roster.setAside(deviceId, !this.#roster.isAside(deviceId))
    this.#changed()
  }

  /**
   * @param {string} deviceId
   * @param {boolean} out
   */
  leaveOut(deviceId, out) {
    this.#roster.leaveOut(deviceId, out)
    this.#changed()
  }

  /**
   * The tools of one device: its name, silence, camera, removal.
   *
   * @param {string} deviceId
   * @returns {{node: HTMLElement, update: (state: CardState) => void}}
   */
  of(deviceId) {
    const s = this.#session
    const name = new NameForm(typed => this.#rename(deviceId, typed))
    const silenced = /** @type {HTMLInputElement} */ (el('input', { type: 'checkbox' }))
    silenced.onchange = () => attempt('silence', s.request(wire.UPDATE_DEVICE, { deviceId, silenced: silenced.checked }))
    const camera = new CameraChoices(settings => attempt('camera', s.request(wire.CAMERA_SETTINGS, { deviceId, settings })))
    const remove = el('button', { type: 'button', className: 'quiet danger-text', onclick: () => this.#remove(deviceId) }, 'Remove…')
    const node = el('div', { className: 'card-tools' }, name.node, el('label', { className: 'tick' }, silenced, 'Silence it'), camera.node, remove)
    const update = (/** @type {CardState} */ state) => {
      const { device } = state
      reveal(node, state.leads)
      name.update(device.viewType || state.user)
      if (silenced.checked !== !!device.silenced) silenced.checked = !!device.silenced
      reveal(camera.node, state.filming && records(device))
      camera.update(device.camera ?? {}, device.status?.settings ?? null, this.#roster.camera)
      remove.setAttribute('aria-label', `Remove ${state.name} from the session`)
    }
    return { node, update }
  }

  /**
   * @param {string} deviceId
   * @param {string} name
   */
  #rename(deviceId, name) {
    const device = this.#roster.device(deviceId)
    if (!device) return
    if (device.viewType) attempt('rename', this.#session.request(wire.UPDATE_DEVICE, { deviceId, viewType: name }))
    else attempt('rename', this.#session.request(wire.UPDATE_USER, { userId: device.userId, username: name }))
  }

  /** @param {string} deviceId */
  async #remove(deviceId) {
    const name = this.#roster.name(deviceId)
    const reasons = ['It leaves the session, and its page says so. Anyone with the link can join again.', 'What it has recorded stays.']
    if (await ask(`Remove ${name}?`, reasons, 'Remove it', 'Keep it')) attempt('remove', this.#session.request(wire.REMOVE_DEVICE, { deviceId }))
  }
}

/** A name that can be changed where it stands. */
class NameForm {
  #input = /** @type {HTMLInputElement} */ (el('input', { autocomplete: 'off' }))
  #label = el('label', {}, 'Name', this.#input)
  #shown = ''
  node = el('form', { className: 'name-form' }, this.#label, el('button', { className: 'small' }, 'Rename'))

  /** @param {(name: string) => void} renamed */
  constructor(renamed) {
    this.#input.dataset.most = '64'
    limit(this.#input)
    this.node.onsubmit = event => {
      event.preventDefault()
      const typed = this.#input.value.trim()
      if (typed && typed !== this.#shown) renamed(typed)
    }
  }

  /** @param {string} name  as it is; what is being typed stays */
  update(name) {
    if (name === this.#shown) return
    if (document.activeElement !== this.#input) this.#input.value = name
    this.#shown = name
  }
}

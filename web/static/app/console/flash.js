import { attempt } from '../ui/attempt.js'
import { byId } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */

const flash = /** @type {HTMLButtonElement} */ (byId('flash'))
const quiet = /** @type {HTMLButtonElement} */ (byId('quiet'))

/** The two commands that show what this is about: flash and beep, and a silent test. */
export class FlashPanel {
  #session

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    flash.onclick = () => this.flash()
    quiet.onclick = () => attempt('flash', session.schedule('pulse', {}))
  }

  flash() {
    if (!flash.disabled) attempt('flash', this.#session.schedule('flash', { tone: 880 }))
  }

  draw() {
    const { state, isLeader } = this.#session
    flash.disabled = quiet.disabled = !isLeader || (state !== 'synced' && state !== 'syncing')
  }
}

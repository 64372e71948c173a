import { alertError, alertUser, byId } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Beeper } from './beep.js' */

/** How long before its second a click is prepared, ms. */
const AHEAD = 300

/**
 * Sound on this device: switching it on, which takes a tap, and the trim by ear. With
 * clicks on, the device clicks at each whole second of session time.
 *
 * @param {Session} session
 * @param {Beeper} beeper
 */
export function tune(session, beeper) {
  const slider = /** @type {HTMLInputElement} */ (byId('trim'))
  const clicks = /** @type {HTMLInputElement} */ (byId('clicks'))
  const show = () => (byId('trim-words').textContent = `${Math.round(session.audioTrim)} ms`)
  slider.value = String(session.audioTrim)
  slider.oninput = () => {
    session.audioTrim = Number(slider.value)
    show()
  }
  show()
  byId('sound').onclick = () => enable(beeper).catch(alertError)
  clicks.onchange = () => clicks.checked && click(session, beeper, () => clicks.checked)
}

/** @param {Beeper} beeper */
async function enable(beeper) {
  const button = /** @type {HTMLButtonElement} */ (byId('sound'))
  if (!(await beeper.enable())) return alertUser('The browser doesn’t let this page make sounds. Look whether the tab is muted, then tap again.')
  button.textContent = 'Sound is on'
  button.disabled = true
  byId('tuning').hidden = false
}

/**
 * @param {Session} session
 * @param {Beeper} beeper
 * @param {() => boolean} on
 */
function click(session, beeper, on) {
  const second = Math.ceil((session.now() + 2 * AHEAD) / 1000) * 1000
  if (!on() || Number.isNaN(second)) return
  session.at(second - AHEAD, () => {
    if (on() && session.now() < second) beeper.click(second) // else the page was held up
    click(session, beeper, on)
  })
}

import { byId } from '../ui/ui.js'

/** @import { Player } from '../../player.js' */

/**
 * By how much this device is heard after the others.
 *
 * @param {Player} player
 */
export function trimSlider(player) {
  const slider = /** @type {HTMLInputElement} */ (byId('trim'))
  const show = () => {
    const ms = Number(slider.value)
    byId('trim-value').textContent = `${ms > 0 ? '+' : ms < 0 ? '−' : ''}${Math.abs(ms)} ms`
  }
  slider.value = String(player.trimMs)
  slider.oninput = show
  slider.onchange = () => (player.trimMs = Number(slider.value))
  show()
}

import { byId } from './ui.js'

/** @import { Player } from '../player.js' */

/**
 * What everybody can set on their own device: sound, full screen, trim.
 *
 * @param {Player} player
 * @param {HTMLMediaElement} element
 */
export function ownControls(player, element) {
  const mute = byId('mute')
  const volume = /** @type {HTMLInputElement} */ (byId('volume'))
  mute.onclick = () => (element.muted = !element.muted)
  volume.oninput = () => (element.volume = Number(volume.value))
  element.addEventListener('volumechange', () => {
    mute.setAttribute('aria-pressed', String(element.muted))
    mute.textContent = element.muted ? 'Muted' : 'Mute'
  })
  const stage = byId('stage')
  const full = byId('full')
  full.hidden = !document.fullscreenEnabled
  full.onclick = () => stage.requestFullscreen().catch(() => (full.hidden = true))
  trimSlider(player)
}

/** @param {Player} player */
function trimSlider(player) {
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

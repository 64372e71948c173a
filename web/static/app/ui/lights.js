import { reveal, say } from './ui.js'

/** @typedef {'' | 'go' | 'stop' | 'aside' | 'none'} LightState */

/** What a device's light says. */
const WORDS = { '': '', go: 'Go', stop: 'No-go', aside: 'Set aside', none: '' }

/**
 * A light tells by its word and its sign, not by colour alone.
 *
 * @param {HTMLElement} light
 * @param {LightState} state
 * @param {string} [words]  the state's own by default
 */
export function setLight(light, state, words = WORDS[state]) {
  reveal(light, words !== '')
  say(light, words)
  if (light.dataset.state !== state) light.dataset.state = state
}

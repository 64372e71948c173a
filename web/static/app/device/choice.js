import { browser } from '../../lib/webstorage.js'
import { cut } from '../ui/characters.js'

/**
 * What a device joins as. `camera`: null while nobody has said.
 *
 * @typedef {object} Choice
 * @property {string} name
 * @property {string} view
 * @property {boolean | null} camera
 */

export const KEY = 'downbeat:device'

/**
 * What is chosen already: the link has the first word, then what was chosen here
 * before. With a word on the camera the page goes on by itself.
 *
 * @param {URLSearchParams} params  of the link: name, view, camera=none or camera=on
 * @param {Partial<Choice>} kept    from an earlier visit
 * @param {string} usual            the name of a device like this one
 * @returns {Choice}
 */
export function choiceOf(params, kept, usual) {
  const camera = { none: false, on: true }[params.get('camera') ?? '']
  return {
    name: cut(params.get('name') || kept.name || usual),
    view: cut(params.get('view') ?? kept.view ?? ''),
    camera: camera ?? kept.camera ?? null,
  }
}

/** @returns {Partial<Choice>} */
export function keptChoice() {
  const { name, view, camera } = browser.read(KEY) ?? {}
  return {
    ...(typeof name === 'string' ? { name } : {}), ...(typeof view === 'string' ? { view } : {}),
    ...(typeof camera === 'boolean' ? { camera } : {}),
  }
}

/** @param {Partial<Choice>} choice */
export function keepChoice(choice) {
  browser.set(KEY, JSON.stringify(choice))
}

import { download, fetchText } from './download.js'
import { alertError, el } from './ui.js'

/** @import { TakeOf } from './recordings.js' */

/**
 * What else there is of a take; words where there is nothing.
 *
 * @param {HTMLElement} box
 * @param {TakeOf} take
 */
export function fillFiles(box, take) {
  const { manifestUrl, otioUrl, ffmpegUrl, number, takeId } = take
  const key = [manifestUrl, otioUrl, ffmpegUrl].join()
  if (box.dataset.key === key) return
  box.dataset.key = key
  const button = (/** @type {string} */ text, /** @type {() => Promise<unknown>} */ fn) =>
    el('button', { type: 'button', onclick: () => fn().catch(alertError) }, text)
  const parts = []
  if (manifestUrl) parts.push(button('Manifest', () => download(manifestUrl, `take-${takeId}.json`)))
  if (otioUrl) parts.push(button('OpenTimelineIO', () => download(otioUrl, `take-${takeId}.otio`)))
  if (ffmpegUrl) parts.push(button('Copy ffmpeg command', () => showCommand(box, ffmpegUrl)))
  for (const part of parts) part.setAttribute('aria-label', `${part.textContent} of take ${number}`)
  box.replaceChildren(...(parts.length ? parts : [el('p', { className: 'note' }, NOTHING)]))
}

const NOTHING = 'No manifest and no timeline to fetch: they are there once this server has a file of the take, which takes a server that runs with --data.'

/**
 * Shows the command and puts it on the clipboard.
 *
 * @param {HTMLElement} box
 * @param {string} url
 */
async function showCommand(box, url) {
  const text = await fetchText(url)
  box.querySelector('pre')?.remove()
  const shown = el('pre', { tabIndex: 0 }, text)
  box.append(shown)
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    getSelection()?.selectAllChildren(shown)
  }
}

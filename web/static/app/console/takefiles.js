import { el } from '../ui/ui.js'

/** @import { TakeOf } from './takestate.js' */

const NOTHING = 'No manifest and no timeline to fetch: they are there once this server has a file of the take, which takes a server that runs with --data.'

/**
 * What else there is of a take, as links that the server signed; words where
 * there is nothing.
 *
 * @param {HTMLElement} box
 * @param {TakeOf} take
 */
export function fillFiles(box, { number, manifestUrl, otioUrl, ffmpegUrl, zipUrl }) {
  const key = [zipUrl, manifestUrl, otioUrl, ffmpegUrl].join()
  if (box.dataset.key === key) return
  box.dataset.key = key
  /** @type {[string, string | null | undefined][]} */
  const files = [['All of it (ZIP)', zipUrl], ['Manifest', manifestUrl], ['OpenTimelineIO', otioUrl], ['ffmpeg script', ffmpegUrl]]
  const links = files.filter(([, url]) => url).map(([name, url]) => {
    const link = el('a', { href: url, download: '', className: 'as-button' }, name)
    link.setAttribute('aria-label', `${name} of take ${number}`)
    return link
  })
  box.replaceChildren(...(links.length ? links : [el('p', { className: 'note' }, NOTHING)]))
}

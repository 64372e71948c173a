/**
 * Why a device doesn't play, and what to do about it.
 *
 * @typedef {object} Trouble
 * @property {string} code
 * @property {string} message  a sentence for people, or two
 * @property {boolean} [fatal] nothing helps but another medium
 */

/** @type {Trouble} */
export const REFUSED = { code: 'autoplay_refused', message: 'The browser waits for a tap before it plays with sound. Tap to start.' }
/** @type {Trouble} */
export const MUTED = { code: 'muted', message: 'It plays without sound, because the browser waits for a tap. Tap to hear it.' }
/** @type {Trouble} */
export const BEHIND = { code: 'behind', message: 'This device can’t keep up: its processor is too slow for this medium. It goes on as well as it can.' }
/** @type {Trouble} */
export const SLOW = { code: 'slow', message: 'The media comes too slowly, from its server or over this device’s network. It goes on as well as it can.' }
/** @type {Trouble} */
export const NO_RANGES = { code: 'no_ranges', message: 'The server of the media doesn’t let players jump (no ranges), so this device can’t go to where the others are. It plays from where it is, a little faster or slower. Let the leader start from the beginning, or use another server.' }
/** @type {Trouble} */
export const LIVE = { code: 'live', message: 'This is a live stream: it has no beginning to count from, so each device plays it as it arrives.' }

const UNSUPPORTED = 'Try another browser, or let the leader load an MP4 (H.264, AAC) or WebM file.'

/**
 * What can be told of an address before it is asked for; null if nothing.
 *
 * @param {string} mediaUrl  as the leader gave it
 * @param {string} base      of the page
 * @returns {Trouble | null}
 */
export function foresee(mediaUrl, base) {
  const url = URL.canParse(mediaUrl, base) ? new URL(mediaUrl, base) : null
  if (!url || !['http:', 'https:', 'blob:'].includes(url.protocol)) {
    return { code: 'bad_url', fatal: true, message: `“${short(mediaUrl)}” is no address that a browser can load media from: it must begin with https:// or http://.` }
  }
  if (url.protocol === 'http:' && new URL(base).protocol === 'https:' && !isLocal(url.hostname)) {
    return { code: 'mixed_content', fatal: true, message: 'This page came over https, so the browser won’t play media that comes over plain http. Let the leader load it from an https address.' }
  }
  return null
}

/**
 * What a manifest of a stream needs that the browser hasn't; null if it has.
 *
 * @param {string} url
 * @param {(type: string) => string} canPlay  of a media element
 * @returns {Trouble | null}
 */
export function unplayable(url, canPlay) {
  const path = url.split(/[?#]/)[0].toLowerCase()
  if (path.endsWith('.mpd')) return { code: 'unsupported', fatal: true, message: `Browsers can’t play DASH streams (.mpd) by themselves. ${UNSUPPORTED}` }
  if (path.endsWith('.m3u8') && !canPlay('application/vnd.apple.mpegurl')) {
    return { code: 'unsupported', fatal: true, message: `This browser can’t play HLS streams (.m3u8) by itself; Safari and newer Chrome can. ${UNSUPPORTED}` }
  }
  return null
}

/**
 * What a media element's error comes from.
 *
 * @param {{code: number, message: string} | null} error  of the element
 * @param {{url: string, sameOrigin: boolean, status?: number, policy?: boolean}} about
 *   `status`: what the server answered, where that can be found out; `policy`: the page's own policy forbade it
 * @returns {Trouble}
 */
export function explain(error, { url, sameOrigin, status, policy }) {
  if (policy) return { code: 'forbidden', fatal: true, message: 'This page may not load media from that address.' }
  if (status && status >= 400) return answered(status, url)
  switch (error?.code) {
    case 2: return { code: 'network', message: 'The connection to the media broke off. Trying again…' }
    case 3: return { code: 'broken', fatal: true, message: `This browser can’t decode the media: it is damaged, or of a kind that it doesn’t know. ${UNSUPPORTED}` }
  }
  if (/\b(404|410)\b/.test(error?.message ?? '')) return answered(404, url)
  if (sameOrigin) return { code: 'unsupported', fatal: true, message: `This browser can’t play that kind of file. ${UNSUPPORTED}` }
  const stream = /\.m3u8($|[?#])/i.test(url) ? ' A stream’s server must also allow other pages to read it (CORS).' : ''
  return { code: 'unloadable', fatal: true, message: `The media can’t be loaded from ${host(url)}. Open its address in a tab of its own: if it doesn’t play there, it is missing or of a kind that this browser can’t play; if it does, its server doesn’t let other pages use it.${stream}` }
}

/**
 * @param {number} status
 * @param {string} url
 * @returns {Trouble}
 */
function answered(status, url) {
  const where = host(url)
  if (status === 404 || status === 410) return { code: 'not_found', fatal: true, message: `There is no such file on ${where}. Let the leader check the address.` }
  if (status === 401 || status === 403) return { code: 'not_allowed', fatal: true, message: `${where} doesn’t let this device have the file. Let the leader load one that needs no login.` }
  return { code: 'network', message: `${where} can’t serve the file now (status ${status}). Trying again…` }
}

/** @param {string} url */
function host(url) {
  return URL.canParse(url) ? new URL(url).host || 'this page' : 'that address'
}

/** @param {string} text */
function short(text) {
  return text.length > 80 ? text.slice(0, 79) + '…' : text
}

/** @param {string} name */
function isLocal(name) {
  return name === 'localhost' || name.endsWith('.localhost') || name.startsWith('127.') || name === '[::1]'
}

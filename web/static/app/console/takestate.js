import { count } from '../ui/format.js'

/**
 * A take with its recordings.
 *
 * @typedef {object} TakeOf
 * @property {string} takeId
 * @property {number} number         1 for the session's first
 * @property {string} label
 * @property {number} timestamp      session ms
 * @property {any[]} recordings      as in the listing, by first frame
 * @property {string | null} [manifestUrl]
 * @property {string | null} [otioUrl]
 * @property {string | null} [ffmpegUrl]
 * @property {string | null} [zipUrl]
 * @property {string} [mark]  good, bad, or empty
 * @property {string} [note]
 */

/**
 * The takes of a listing of recordings, the latest first.
 *
 * @param {any} listing  the answer to GET …/recordings
 * @returns {TakeOf[]}
 */
export function takesOf(listing) {
  /** @type {Map<string, TakeOf>} */
  const takes = new Map()
  for (const r of listing?.recordings ?? []) {
    /** @type {TakeOf} */
    const take = takes.get(r.takeId) ?? {
      takeId: r.takeId, number: takes.size + 1, label: r.postureLabel, timestamp: r.takeTimestamp, recordings: [],
    }
    take.recordings.push(r)
    takes.set(r.takeId, take)
  }
  for (const { takeId, manifestUrl, otioUrl, ffmpegUrl, zipUrl, mark, note } of listing?.takes ?? []) {
    const take = takes.get(takeId)
    if (take) Object.assign(take, { manifestUrl, otioUrl, ffmpegUrl, zipUrl, mark, note })
  }
  return [...takes.values()].reverse()
}

/**
 * What has become of a take's recordings, in a word; what a device warns of is no success.
 *
 * @param {any[]} recordings
 * @returns {[string, '' | 'good' | 'warn' | 'bad']}
 */
export function takeWords(recordings) {
  const of = (/** @type {string} */ status) => recordings.filter(r => r.uploadStatus === status).length
  const [there, failed, all] = [of('uploaded'), of('failed'), recordings.length]
  const warned = recordings.filter(r => r.report?.warnings?.length).length
  const but = warned ? `, ${count(warned, 'recording')} with warnings` : ''
  if (of('recording')) return [`recording${but}`, 'warn']
  if (there === all) return [(all === 1 ? 'uploaded' : `all ${all} uploaded`) + but, warned ? 'warn' : 'good']
  if (failed) return [`${there} of ${all} uploaded, ${failed} failed${but}`, 'bad']
  return [`${there} of ${all} uploaded${but}`, 'warn']
}

/** @param {any} recording */
export function unfinished(recording) {
  return recording.uploadStatus !== 'uploaded' && recording.uploadStatus !== 'failed'
}

/** Signed links to the files are good for 50 minutes: new ones are asked for before that, ms. */
const LINKS_LAST = 20 * 60_000

/**
 * When to look again, ms; Infinity: not before something is heard. What
 * hasn't moved for long is looked at less often.
 *
 * @param {any[]} recordings
 * @param {number} still  ms for which nothing has changed
 */
export function lookAgainIn(recordings, still) {
  if (!recordings.some(unfinished)) return recordings.length ? LINKS_LAST : Infinity
  return still < 60_000 ? 1000 : 10_000
}

/**
 * How far apart the first frames of a take are, and the bound of that: the
 * two outermost ones' together. Null with less than two.
 *
 * @param {any[]} recordings
 * @returns {{spreadMs: number, boundMs: number} | null}
 */
export function firstFrames(recordings) {
  const started = recordings.filter(r => r.startTimestamp != null).sort((a, b) => a.startTimestamp - b.startTimestamp)
  if (started.length < 2) return null
  const [first, last] = [started[0], started[started.length - 1]]
  return { spreadMs: last.startTimestamp - first.startTimestamp, boundMs: (first.startBoundMs ?? Infinity) + (last.startBoundMs ?? Infinity) }
}

/**
 * How much of a recording is here, from 0 to 1; null while that isn't known.
 *
 * @param {any} recording
 */
export function progress({ uploadStatus, uploadedBytes, uploadLength }) {
  if (uploadStatus === 'uploaded') return 1
  if (uploadStatus !== 'uploading' || uploadedBytes == null || !(uploadLength > 0)) return null
  return Math.min(1, uploadedBytes / uploadLength)
}

/**
 * What has become of a recording, in words.
 *
 * @param {any} recording
 * @returns {[string, '' | 'good' | 'warn' | 'bad']}
 */
export function statusWords(recording) {
  switch (recording.uploadStatus) {
    case 'recording': return ['recording', 'warn']
    case 'pending': return ['waiting for its upload', 'warn']
    case 'uploading': return ['uploading', 'warn']
    case 'uploaded': return ['uploaded', 'good']
    case 'failed': return ['nothing recorded', 'bad']
    default: return [String(recording.uploadStatus), '']
  }
}

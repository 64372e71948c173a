import { count } from '../ui/format.js'

/** @import { Recording, RecordingReport } from '../../lib/wire.js' */

/**
 * A recording in the answer to GET …/recordings.
 *
 * @typedef {Partial<Omit<Recording, 'report'> & {uploadedBytes: number | null, uploadLength: number | null, fileUrl: string | null}> & {report?: Partial<RecordingReport> | null, deviceId?: string, part?: number}} Listed
 */

/**
 * The answer to GET …/recordings.
 *
 * @typedef {object} Listing
 * @property {Listed[]} recordings
 * @property {{takeId: string, manifestUrl: string, otioUrl?: string | null, ffmpegUrl?: string | null, zipUrl?: string | null, mark?: string, note?: string, firstFramesMs?: number | null, firstFramesBoundMs?: number | null}[]} takes
 */

/**
 * A take with its recordings.
 *
 * @typedef {object} TakeOf
 * @property {string} takeId
 * @property {number} number         1 for the session's first
 * @property {string} label
 * @property {number} timestamp      session ms
 * @property {Listed[]} recordings      as in the listing, by first frame
 * @property {string | null} [manifestUrl]
 * @property {string | null} [otioUrl]
 * @property {string | null} [ffmpegUrl]
 * @property {string | null} [zipUrl]
 * @property {string} [mark]  good, bad, or empty
 * @property {string} [note]
 * @property {number | null} [firstFramesMs]       how far apart the devices' first frames are
 * @property {number | null} [firstFramesBoundMs]  by how much that may be wrong
 */

/**
 * The takes of a listing of recordings, the latest first.
 *
 * @param {Partial<Listing> | null} listing
 * @returns {TakeOf[]}
 */
export function takesOf(listing) {
  /** @type {Map<string, TakeOf>} */
  const takes = new Map()
  for (const r of listing?.recordings ?? []) {
    const { takeId = '', postureLabel = '', takeTimestamp = NaN } = r
    /** @type {TakeOf} */
    const take = takes.get(takeId) ?? {
      takeId, number: takes.size + 1, label: postureLabel, timestamp: takeTimestamp, recordings: [],
    }
    take.recordings.push(r)
    takes.set(takeId, take)
  }
  for (const { takeId, manifestUrl, otioUrl, ffmpegUrl, zipUrl, mark, note, firstFramesMs, firstFramesBoundMs } of listing?.takes ?? []) {
    const take = takes.get(takeId)
    if (take) Object.assign(take, { manifestUrl, otioUrl, ffmpegUrl, zipUrl, mark, note, firstFramesMs, firstFramesBoundMs })
  }
  return [...takes.values()].reverse()
}

/**
 * What has become of a take's recordings, in a word; what a device warns of is no success.
 *
 * @param {Listed[]} recordings
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

/** @param {Pick<Listed, 'uploadStatus'>} recording */
export function unfinished(recording) {
  return recording.uploadStatus !== 'uploaded' && recording.uploadStatus !== 'failed'
}

/** Signed links to the files are good for 50 minutes: new ones are asked for before that, ms. */
const LINKS_LAST = 20 * 60_000

/**
 * When to look again, ms; Infinity: not before something is heard. What
 * hasn't moved for long is looked at less often.
 *
 * @param {Listed[]} recordings
 * @param {number} still  ms for which nothing has changed
 */
export function lookAgainIn(recordings, still) {
  if (!recordings.some(unfinished)) return recordings.length ? LINKS_LAST : Infinity
  return still < 60_000 ? 1000 : 10_000
}

/**
 * How much of a recording is here, from 0 to 1; null while that isn't known.
 *
 * @param {Pick<Listed, 'uploadStatus' | 'uploadedBytes' | 'uploadLength'>} recording
 */
export function progress({ uploadStatus, uploadedBytes, uploadLength }) {
  if (uploadStatus === 'uploaded') return 1
  if (uploadStatus !== 'uploading' || uploadedBytes == null || !uploadLength || uploadLength < 0) return null
  return Math.min(1, uploadedBytes / uploadLength)
}

/**
 * What has become of a recording, in words.
 *
 * @param {Pick<Listed, 'uploadStatus'>} recording
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

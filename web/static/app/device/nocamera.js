/** @import { Session } from '../../downbeat.js' */

/**
 * A device without a camera says so at each take, so that nobody waits for its recording.
 *
 * @param {Session} session
 */
export function nothingToRecord(session) {
  session.onCommand('start_recording', ({ payload }) => {
    if (payload?.recordingId) session.request('recording_failed', { recordingId: payload.recordingId }).catch(() => {})
  })
}

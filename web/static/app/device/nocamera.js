import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */

/**
 * A device without a camera says so at each take, so that nobody waits for its recording.
 *
 * @param {Session} session
 */
export function nothingToRecord(session) {
  session.onCommand(wire.START_RECORDING, ({ payload }) => {
    if (payload?.recordingId) session.request(wire.RECORDING_FAILED, { recordingId: payload.recordingId }).catch(() => {})
  })
}

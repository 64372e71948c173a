/** @import { Session } from '../../downbeat.js' */
/** @import { RecorderState } from '../../recorder.js' */

/**
 * What a device does, for its page: a word, how good that is, and a sentence.
 *
 * @param {Session['state']} state
 * @param {number} bound  ms
 * @param {RecorderState | 'failed'} recorder  failed: it has none of the camera that it should have
 * @param {boolean} [absent]  the server is there, and the session isn't
 * @returns {[string, 'good' | 'warn' | 'bad', string]}
 */
export function stateOf(state, bound, recorder, absent = false) {
  const away = state === 'reconnecting'
  if (state !== 'closed') {
    switch (recorder) {
      case 'recording': return ['recording', 'bad', away
        ? 'The connection is lost. The recording goes on, and is sent when the server is back.'
        : 'Recording. Keep this page in front.']
      case 'armed': return ['stand by', 'warn', away ? 'The connection is lost. The take begins all the same.' : 'A take is about to begin.']
      case 'finishing': return ['finishing', 'warn', 'The take is over. Its file is being completed.']
    }
  }
  switch (state) {
    case 'connecting': return ['connecting', 'warn', 'Connecting to the server…']
    case 'syncing': return ['measuring', 'warn', 'Connected. Measuring this device’s clock…']
    case 'reconnecting': return absent
      ? ['waiting', 'bad', 'The server doesn’t have this session any more; it may have been restarted. Waiting for the leader to come back.']
      : ['reconnecting', 'bad', 'The connection is lost. Trying again; the clock goes on meanwhile.']
    case 'closed': return ['left', 'bad', 'This device left the session.']
    default: return synced(bound, recorder === 'failed')
  }
}

/**
 * @param {number} bound
 * @param {boolean} blind
 * @returns {[string, 'good' | 'warn', string]}
 */
function synced(bound, blind) {
  if (blind) return ['no camera', 'warn', 'In time with the others, but without its camera: it won’t record.']
  return bound < 1
    ? ['ready', 'good', 'Ready: acts together with the others.']
    : ['coarse', 'warn', 'Connected, but the clock is still coarse.']
}

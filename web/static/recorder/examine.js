import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from '../vendor/mediabunny/mediabunny.js'

/** @import { RecordingFile } from './recordingfile.js' */

/** The first frame lies within, bytes: what is before it is a header and some sound. */
const ENOUGH = 4 << 20

/**
 * Is there anything to see in a recording, or to hear where nothing is to be seen? A
 * header alone, which every file begins with, is nothing.
 *
 * @param {RecordingFile} file
 * @returns {Promise<boolean>}
 */
export function holdsMedia(file) {
  return mediaIn(file.read(0, Math.min(file.size, ENOUGH)))
}

/** @param {Uint8Array<ArrayBuffer>} bytes  of a file's beginning */
export async function mediaIn(bytes) {
  if (!bytes.length) return false
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) })
  try {
    const track = (await input.getPrimaryVideoTrack()) ?? (await input.getPrimaryAudioTrack())
    return track !== null && (await new EncodedPacketSink(track).getFirstPacket()) !== null
  } catch {
    return false // not even a whole header
  } finally {
    input.dispose()
  }
}

import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from '../vendor/mediabunny/mediabunny.js'

/** @import { Kept } from './kept.js' */

/** The first frame lies within, bytes: what is before it is a header and some sound. */
const ENOUGH = 4 << 20

/**
 * Is there anything to see in a recording, or to hear where nothing is to be seen? A
 * header alone, which every file begins with, is nothing.
 *
 * @param {Kept} kept
 * @returns {Promise<boolean>}
 */
export function holdsMedia(kept) {
  return mediaIn(kept.read(0, Math.min(kept.size, ENOUGH)))
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

// What the recorder uses of mediabunny: its own types need others' that collide with those of the DOM.

export class EncodedPacket {
  constructor(data: Uint8Array, type: 'key' | 'delta', timestamp: number, duration: number)
}

export class EncodedVideoPacketSource {
  constructor(codec: 'avc' | 'vp8' | 'vp9')
  add(packet: EncodedPacket, meta?: EncodedVideoChunkMetadata): Promise<void>
  close(): void
}

export class EncodedAudioPacketSource {
  constructor(codec: 'aac' | 'opus')
  add(packet: EncodedPacket, meta?: EncodedAudioChunkMetadata): Promise<void>
  close(): void
}

export class StreamTarget {
  constructor(writable: WritableStream<{ type: 'write', data: Uint8Array<ArrayBuffer>, position: number }>)
}

export class Mp4OutputFormat {
  constructor(options: { fastStart: 'fragmented', minimumFragmentDuration: number })
}

export class WebMOutputFormat {
  constructor(options: { appendOnly: boolean, minimumClusterDuration: number })
}

export class Output {
  constructor(options: { format: Mp4OutputFormat | WebMOutputFormat, target: StreamTarget })
  setMetadataTags(tags: { title?: string, artist?: string, date?: Date, comment?: string }): void
  addVideoTrack(source: EncodedVideoPacketSource): void
  addAudioTrack(source: EncodedAudioPacketSource): void
  start(): Promise<void>
  finalize(): Promise<void>
}

export interface InputTrack {
  readonly id: number
}

export class BufferSource {
  constructor(buffer: Uint8Array<ArrayBuffer>)
}

export class Input {
  constructor(options: { formats: typeof ALL_FORMATS, source: BufferSource })
  getPrimaryVideoTrack(): Promise<InputTrack | null>
  getPrimaryAudioTrack(): Promise<InputTrack | null>
  dispose(): void
}

export class EncodedPacketSink {
  constructor(track: InputTrack)
  getFirstPacket(): Promise<EncodedPacket | null>
}

export const ALL_FORMATS: readonly unknown[]

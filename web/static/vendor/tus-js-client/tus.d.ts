// What the recorder uses of tus-js-client: its own types are those of Node's Buffer too.

export interface Source {
  size: number | null
  slice(start: number, end: number): Promise<{ value: Blob, done: boolean }>
  close(): void
}

export class Upload {
  constructor(file: object, options: {
    endpoint: string
    uploadUrl: string | null
    metadata: Record<string, string>
    headers: Record<string, string>
    uploadLengthDeferred: boolean
    chunkSize: number
    retryDelays: number[] | null
    storeFingerprintForResuming: boolean
    fileReader: { openFile(file: object): Promise<Source> }
    onBeforeRequest: () => void
    onProgress: () => void
    onAfterResponse: () => void
    onUploadUrlAvailable: () => void
    onChunkComplete: (size: number, accepted: number) => void
    onSuccess: () => void
    onError: (error: Error) => void
  })
  url: string | null
  start(): void
  abort(): Promise<void>
}

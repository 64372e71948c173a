import { Upload } from '../vendor/tus-js-client/tus.js'
import { backoff } from '../lib/signaling.js'
import { Growing } from './growing.js'
import * as wire from '../lib/wire.js'

/** @import { RecordingFile } from './recordingfile.js' */

/** Bytes of one request at most. */
const CHUNK = 4 * 1024 * 1024
/** Answers after which the same request would be refused again, but see EARLY. */
const FINAL = new Set([400, 401, 403, 404, 409, 410, 412, 413, 415])
/** Answers after which another proof may help. */
const DENIED = new Set([401, 403])
/** The server plans recordings at the take's instant, by its own clock: "unknown" is doubted this often. */
const EARLY = 5
/** A request of which nothing is heard for this long is given up, ms: its network may have gone without a word. */
const SILENCE = 30_000
/** And sooner when the network seems to have come back. */
const DOUBT = 2000

/**
 * Where recordings go.
 *
 * @typedef {object} Target
 * @property {string} url
 * @property {string} authorization  key or token; ''
 * @property {string} [proof]        of the device, for recordings that have none of their own
 *
 * @typedef {object} UploadEvents
 * @property {(sent: number) => void} progress
 * @property {() => void} done
 * @property {(message: string, final: boolean) => void} failed  not final: it is tried again
 */

/**
 * Brings one recording to the server, while it is made and after: goes on
 * where it was after whatever happened.
 */
export class Sending {
  #file
  #server
  #on
  /** @type {Upload | null} */ #upload = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience
  /** Since when nothing is heard of the request under way; none: Infinity. */
  #silentSince = Infinity
  #attempt = 0
  #closed = false
  /** What may prove that the recording may be uploaded from here, the best first. */
  #proofs

  /**
   * @param {RecordingFile} file
   * @param {Target} server
   * @param {UploadEvents} on
   */
  constructor(file, server, on) {
    this.#file = file
    this.#server = server
    this.#on = on
    this.#proofs = [...new Set([file.notes.proof, server.proof, server.authorization].filter(p => p))]
    this.#start()
  }

  #start() {
    const { recordingId = '', filename = '', filetype = '', uploadURL } = this.#file.notes
    const { url } = this.#server
    const [proof] = this.#proofs
    const upload = new Upload(this.#file, {
      endpoint: new URL('api/uploads/', url).href,
      uploadUrl: uploadURL ?? null,
      metadata: { recordingId, filename, filetype },
      headers: proof ? { Authorization: `Bearer ${proof}` } : {},
      uploadLengthDeferred: true,
      chunkSize: CHUNK,
      retryDelays: null,
      storeFingerprintForResuming: false,
      fileReader: { openFile: async () => new Growing(this.#file) },
      onBeforeRequest: () => this.#asked(),
      onProgress: () => this.#asked(),
      onAfterResponse: () => this.#answered(),
      onUploadUrlAvailable: () => this.#file.note({ uploadURL: upload.url ?? undefined }),
      onChunkComplete: (_size, sent) => this.#progress(sent),
      onSuccess: () => this.#closed || this.#on.done(),
      onError: error => upload === this.#upload && this.#failed(error),
    })
    this.#upload = upload
    upload.start()
  }

  /** A request goes out, or more of it has: now the network has to do something. */
  #asked() {
    this.#answered()
    this.#silentSince = performance.now()
    this.#patience = setTimeout(() => this.#giveUp(), SILENCE)
  }

  #answered() {
    clearTimeout(this.#patience)
    this.#silentSince = Infinity
  }

  /** Ends a request that may never. */
  #giveUp() {
    const upload = this.#upload
    this.#upload = null
    upload?.abort().catch(() => {})
    this.#failed(new Error('silent'))
  }

  /** @param {number} sent */
  #progress(sent) {
    this.#attempt = 0
    this.#on.progress(sent)
  }

  /** @param {Error & {originalResponse?: {getStatus?: () => number, getBody?: () => string} | null}} error  perhaps a DetailedError */
  #failed(error) {
    this.#answered()
    if (this.#closed) return
    const response = error.originalResponse
    const { code, message } = words(response?.getBody?.())
    if (DENIED.has(response?.getStatus?.() ?? 0) && this.#proofs.length > 1) {
      this.#proofs.shift()
      return this.#start()
    }
    const early = code === wire.CODE_UNKNOWN_RECORDING && this.#attempt < EARLY
    const final = FINAL.has(response?.getStatus?.() ?? 0) && code !== wire.CODE_OFFSET_MISMATCH && !early
    this.#on.failed(message ?? 'the server doesn’t answer', final)
    if (!final) this.#timer = setTimeout(() => this.#again(), backoff(this.#attempt++))
  }

  #again() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#closed) this.#start()
  }

  /** The network is back, perhaps: no need to wait. */
  hurry() {
    if (performance.now() - this.#silentSince > DOUBT) this.#giveUp()
    if (this.#timer) this.#again()
  }

  close() {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#answered()
    this.#upload?.abort().catch(() => {})
  }
}

/**
 * What the server says of a refusal.
 *
 * @param {string} [body]
 * @returns {{code?: string, message?: string}}
 */
function words(body) {
  try {
    return JSON.parse(body ?? '').error ?? {}
  } catch {
    return {}
  }
}

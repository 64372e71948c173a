// Uploads a file with the unmodified tus-js-client, coming back after whatever
// happens to the connection: node send.mjs URL FILE OPTIONS
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const tus = require('tus-js-client')
const [endpoint, file, json] = process.argv.slice(2)
const options = JSON.parse(json)
const input = createReadStream(file)

const upload = new tus.Upload(options.uploadLengthDeferred ? Readable.from(input) : input, {
  endpoint,
  retryDelays: Array(100).fill(50),
  metadata: { recordingId: 'rec1', filename: 'a.webm', filetype: 'video/webm' },
  ...options,
  onShouldRetry: (err, attempt) => {
    console.error(`attempt ${attempt}: ${err.message}`)
    const status = err.originalResponse?.getStatus() ?? 0
    return status < 400 || status === 409 || status === 423 || status >= 500
  },
  onError: (err) => {
    console.error(String(err))
    process.exit(1)
  },
  onSuccess: () => console.log(upload.url),
})
upload.start()

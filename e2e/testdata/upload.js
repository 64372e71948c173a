/* global tus */

/**
 * Uploads a Blob with tus-js-client, breaking the request off in the middle
 * once. Resolves with what went wrong, or with nothing.
 *
 * @param {string} recordingId
 * @param {number} size
 */
function sendBlob(recordingId, size) {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = i % 251
  return new Promise(resolve => {
    let broken = false
    const upload = new tus.Upload(new Blob([bytes]), {
      endpoint: '/api/uploads/',
      metadata: { recordingId, filename: 'blob.webm', filetype: 'video/webm' },
      retryDelays: [50, 100, 200, 400],
      onProgress: async sent => {
        if (broken || sent < size / 4 || sent === size) return
        broken = true
        await upload.abort()
        upload.start()
      },
      onError: error => resolve(String(error)),
      onSuccess: () => resolve(broken ? '' : 'the request was not broken off'),
    })
    upload.start()
  })
}

package objects

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 takes parts of 5 MiB to 5 GiB, but for the last, and 10,000 of them.
const (
	leastPart = 8 << 20
	mostParts = 9_000
)

// Writer writes one object as a stream: by one call while it is small, else in parts, of which
// one is in memory. One goroutine uses it.
type Writer struct {
	bucket   *Bucket
	ctx      context.Context
	name     string
	metadata map[string]string
	part     int // bytes
	buf      []byte
	id       *string // of the upload in parts; nil: none has begun
	parts    []types.CompletedPart
}

// Create begins an object of about so many bytes, with metadata whose keys have small letters.
// It isn't there before Commit.
func (b *Bucket) Create(ctx context.Context, name string, size int64, metadata map[string]string) *Writer {
	return &Writer{bucket: b, ctx: ctx, name: name, metadata: metadata, part: max(leastPart, int(size/mostParts))}
}

// Again gives up what was written, and returns a writer of the same object.
func (w *Writer) Again() *Writer {
	w.Abort()
	return &Writer{bucket: w.bucket, ctx: w.ctx, name: w.name, metadata: w.metadata, part: w.part}
}

// Write implements io.Writer.
func (w *Writer) Write(b []byte) (int, error) {
	w.buf = append(w.buf, b...)
	for len(w.buf) > w.part { // the last part is Commit's
		if err := w.send(w.buf[:w.part]); err != nil {
			return 0, err
		}
		w.buf = w.buf[:copy(w.buf, w.buf[w.part:])]
	}
	return len(b), nil
}

func (w *Writer) send(part []byte) error {
	ctx, cancel := context.WithTimeout(w.ctx, callTime)
	defer cancel()
	at := &w.bucket.at
	if w.id == nil {
		out, err := w.bucket.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &at.Bucket, Key: w.bucket.key(w.name), Metadata: w.metadata})
		if err != nil {
			return meant(err)
		}
		w.id = out.UploadId
	}
	n := aws.Int32(int32(len(w.parts)) + 1)
	out, err := w.bucket.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &at.Bucket, Key: w.bucket.key(w.name), UploadId: w.id, PartNumber: n, Body: bytes.NewReader(part), ContentLength: aws.Int64(int64(len(part))),
	})
	if err != nil {
		return meant(err)
	}
	w.parts = append(w.parts, types.CompletedPart{ETag: out.ETag, PartNumber: n})
	return nil
}

// Commit makes the object, if there is none of the name by then; else it fails with ErrChanged.
func (w *Writer) Commit() error {
	if w.id == nil {
		_, err := w.bucket.put(w.ctx, w.name, w.buf, &s3.PutObjectInput{IfNoneMatch: aws.String("*"), Metadata: w.metadata})
		return err
	}
	if err := w.send(w.buf); err != nil {
		return err
	}
	w.buf = nil
	ctx, cancel := context.WithTimeout(w.ctx, commitTime)
	defer cancel()
	_, err := w.bucket.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &w.bucket.at.Bucket, Key: w.bucket.key(w.name), UploadId: w.id, IfNoneMatch: aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: w.parts},
	})
	if err == nil {
		w.id = nil
	}
	return meant(err)
}

// commitTime is how long a server may take to put an object together.
const commitTime = 5 * time.Minute

// Abort removes what was sent and isn't an object; after Commit it does nothing.
func (w *Writer) Abort() {
	if w.id == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), callTime)
	defer cancel()
	_, _ = w.bucket.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &w.bucket.at.Bucket, Key: w.bucket.key(w.name), UploadId: w.id, // else the bucket's lifecycle removes it
	})
	w.id = nil
}

package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// block is how much of an object is read at once.
const block = 1 << 20

// File reads an object from any place, a block at a time. One goroutine uses it.
type File struct {
	bucket *Bucket
	ctx    context.Context
	info   Info
	at     int64

	keep   int     // blocks that are kept
	blocks []inMem // the newest last
}

type inMem struct {
	from int64
	body []byte
}

// Open finds an object. Should another one be written in its place, reads of this one fail with
// ErrChanged.
func (b *Bucket) Open(ctx context.Context, name string) (*File, error) {
	info, err := b.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	return &File{bucket: b, ctx: ctx, info: info, keep: 1}, nil
}

// Size is how many bytes the object has.
func (f *File) Size() int64 { return f.info.Size }

// Close implements io.Closer; nothing is open between reads.
func (f *File) Close() error { f.blocks = nil; return nil }

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.info.Size
	}
	if offset < 0 {
		return f.at, errors.New("objects: a place before the first byte")
	}
	f.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.some(p, f.at)
	f.at += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt, for one goroutine.
func (f *File) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = f.some(p[n:], at+int64(n))
		n += m
	}
	return n, err
}

// some reads what one block has.
func (f *File) some(p []byte, at int64) (int, error) {
	if at >= f.info.Size {
		return 0, io.EOF
	}
	b, err := f.block(at - at%block)
	if err != nil {
		return 0, err
	}
	return copy(p, b[at%block:]), nil
}

// block returns the bytes from a place on.
func (f *File) block(from int64) ([]byte, error) {
	for _, b := range f.blocks {
		if b.from == from {
			return b.body, nil
		}
	}
	var buf []byte
	if len(f.blocks) >= f.keep {
		buf = f.blocks[0].body[:0]
		f.blocks = append(f.blocks[:0], f.blocks[1:]...)
	}
	body, err := f.fetch(buf, from, min(block, f.info.Size-from))
	if err != nil {
		return nil, err
	}
	f.blocks = append(f.blocks, inMem{from, body})
	return body, nil
}

func (f *File) fetch(buf []byte, from, n int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(f.ctx, callTime)
	defer cancel()
	out, err := f.bucket.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &f.bucket.at.Bucket, Key: f.bucket.key(f.info.Name), IfMatch: aws.String(f.info.Tag), Range: aws.String(fmt.Sprintf("bytes=%d-%d", from, from+n-1)),
	})
	if err != nil {
		return nil, meant(err)
	}
	defer func() { _ = out.Body.Close() }()
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(out.Body, buf); err != nil {
		return nil, meant(err)
	}
	return buf, nil
}

// Joined is several objects behind each other.
type Joined struct {
	files []*File // of nil: not opened yet
	names []string
	sizes []int64

	bucket *Bucket
	ctx    context.Context
}

// Join reads objects of known sizes as one. One goroutine uses it.
func (b *Bucket) Join(ctx context.Context, names []string, sizes []int64) *Joined {
	return &Joined{files: make([]*File, len(names)), names: names, sizes: sizes, bucket: b, ctx: ctx}
}

// keptBlocks is how many blocks of one object a Joined keeps: those who look for an index jump.
const keptBlocks = 4

// ReadAt implements io.ReaderAt.
func (j *Joined) ReadAt(p []byte, at int64) (n int, err error) {
	for i := range j.files {
		if at >= j.sizes[i] {
			at -= j.sizes[i]
			j.drop(i)
			continue
		}
		f, err := j.open(i)
		if err != nil {
			return n, err
		}
		m, err := f.ReadAt(p[n:min(len(p), n+int(j.sizes[i]-at))], at)
		if n += m; n == len(p) || err != nil && err != io.EOF {
			return n, err
		}
		at = 0
	}
	return n, io.EOF
}

func (j *Joined) open(i int) (*File, error) {
	if j.files[i] == nil {
		f, err := j.bucket.Open(j.ctx, j.names[i])
		if err != nil {
			return nil, err
		}
		if f.Size() != j.sizes[i] {
			return nil, fmt.Errorf("%w: %s has %d bytes, %d were written", fs.ErrNotExist, j.names[i], f.Size(), j.sizes[i])
		}
		f.keep = keptBlocks
		j.files[i] = f
	}
	return j.files[i], nil
}

// drop frees what is kept of an object that isn't read just now.
func (j *Joined) drop(i int) {
	if j.files[i] != nil {
		_ = j.files[i].Close()
	}
}

// Close implements io.Closer.
func (j *Joined) Close() error {
	for i := range j.files {
		j.drop(i)
	}
	return nil
}

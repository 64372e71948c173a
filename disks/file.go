package disks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
)

// File is a file on another instance's disk. It is read as it comes: each read after a Seek is a
// request. One goroutine uses it.
type File struct {
	disks *Disks
	ctx   context.Context
	other *other
	base  string
	path  string
	tag   string
	size  int64

	at   int64
	body io.ReadCloser // from at on; nil: none is open
}

// Open finds a file that another instance serves under a path; tag is the entity tag that it must
// have. It fails with ErrAway, or with fs.ErrNotExist where the instance hasn't got it.
func (d *Disks) Open(ctx context.Context, disk, path, tag string) (*File, error) {
	o, base, err := d.reach(ctx, disk)
	if err != nil {
		return nil, err
	}
	f := &File{disks: d, ctx: ctx, other: o, base: base, path: path, tag: tag}
	res, err := f.do(http.MethodHead, 0)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	f.size = res.ContentLength
	return f, nil
}

// do asks for the file from an offset on.
func (f *File) do(method string, from int64) (*http.Response, error) {
	q, err := f.disks.request(f.ctx, method, f.other, f.base, f.path)
	if err != nil {
		return nil, err
	}
	want := http.StatusOK
	if from > 0 {
		q.Header.Set("Range", "bytes="+strconv.FormatInt(from, 10)+"-")
		want = http.StatusPartialContent
	}
	res, err := f.other.transport.RoundTrip(q)
	if err != nil {
		f.disks.lost(f.ctx, f.other)
		return nil, errors.Join(ErrAway, err)
	}
	switch {
	case res.StatusCode == want && res.Header.Get("ETag") == f.tag:
		return res, nil
	case res.StatusCode == http.StatusNotFound:
		err = fs.ErrNotExist
	default:
		err = fmt.Errorf("%w: it answered %s", ErrAway, res.Status)
	}
	return nil, errors.Join(err, res.Body.Close())
}

// Size is how many bytes the file has.
func (f *File) Size() int64 { return f.size }

// Seek implements io.Seeker; nothing is asked for.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	if offset == f.at {
		return offset, nil
	}
	err := f.Close()
	f.at = offset
	return offset, err
}

// Read implements io.Reader.
func (f *File) Read(b []byte) (int, error) {
	if f.at >= f.size {
		return 0, io.EOF
	}
	if f.body == nil {
		res, err := f.do(http.MethodGet, f.at)
		if err != nil {
			return 0, err
		}
		f.body = res.Body
	}
	n, err := f.body.Read(b)
	f.at += int64(n)
	if err == io.EOF && f.at < f.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close ends the request that is under way; the file can be read further all the same.
func (f *File) Close() error {
	if f.body == nil {
		return nil
	}
	err := f.body.Close()
	f.body = nil
	return err
}

package objects

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// callTime is how long one call may take with its repetitions: at most a few MiB are sent or read by one.
const callTime = 30 * time.Second

// Bucket is what is below a prefix in a bucket. It is safe for concurrent use.
type Bucket struct {
	client *s3.Client
	at     Location
}

// Open returns a bucket, and fails where it can't be used: the error wraps one of this package's.
func Open(ctx context.Context, at Location) (*Bucket, error) {
	cfg, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		o.Region = at.Region
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // servers that aren't Amazon's don't all know the others
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		return nil
	})
	if err != nil {
		return nil, err
	}
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	b := &Bucket{at: at, client: s3.NewFromConfig(cfg, func(o *s3.Options) {
		if at.Endpoint != "" {
			o.BaseEndpoint = aws.String(at.Endpoint)
		}
		o.UsePathStyle = at.PathStyle
	})}
	return b, b.tryConditions(ctx)
}

// probe is the object that shows whether the server holds the conditions of writes. It stays.
const probe = "conditions"

// tryConditions writes what must be refused.
func (b *Bucket) tryConditions(ctx context.Context) error {
	body := []byte("written if it wasn't there\n")
	if _, err := b.Put(ctx, probe, body, ""); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	for _, condition := range []string{"", `"00000000000000000000000000000000"`} {
		switch _, err := b.Put(ctx, probe, body, condition); {
		case err == nil:
			return ErrConditions
		case !errors.Is(err, ErrChanged):
			return err
		}
	}
	return nil
}

func (b *Bucket) key(name string) *string { return aws.String(b.at.Prefix + name) }

// Put writes an object if it is the one with that tag, or, where the tag is empty, if there is
// none; else it fails with ErrChanged. It returns the tag of what it has written.
func (b *Bucket) Put(ctx context.Context, name string, body []byte, tag string) (string, error) {
	in := &s3.PutObjectInput{}
	if tag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(tag)
	}
	written, err := b.put(ctx, name, body, in)
	if tag != "" && errors.Is(err, fs.ErrNotExist) {
		err = errors.Join(ErrChanged, err)
	}
	return written, err
}

// Write writes an object whatever there is.
func (b *Bucket) Write(ctx context.Context, name string, body []byte) error {
	_, err := b.put(ctx, name, body, &s3.PutObjectInput{})
	return err
}

func (b *Bucket) put(ctx context.Context, name string, body []byte, in *s3.PutObjectInput) (tag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	in.Bucket, in.Key, in.Body, in.ContentLength = &b.at.Bucket, b.key(name), bytes.NewReader(body), aws.Int64(int64(len(body)))
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		return "", meant(err)
	}
	return aws.ToString(out.ETag), nil
}

// Get reads a small object, and returns its tag.
func (b *Bucket) Get(ctx context.Context, name string) (body []byte, tag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.at.Bucket, Key: b.key(name)})
	if err != nil {
		return nil, "", meant(err)
	}
	body, err = io.ReadAll(out.Body)
	return body, aws.ToString(out.ETag), meant(errors.Join(err, out.Body.Close()))
}

// Info is what is known of an object without reading it.
type Info struct {
	Name     string
	Tag      string
	Size     int64
	Metadata map[string]string // of Stat alone; keys in small letters
}

// Stat asks for an object.
func (b *Bucket) Stat(ctx context.Context, name string) (Info, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.at.Bucket, Key: b.key(name)})
	if err != nil {
		return Info{}, meant(err)
	}
	is := Info{Name: name, Tag: aws.ToString(out.ETag), Size: aws.ToInt64(out.ContentLength), Metadata: map[string]string{}}
	for k, v := range out.Metadata {
		is.Metadata[strings.ToLower(k)] = v
	}
	return is, nil
}

// List returns the objects whose names begin so.
func (b *Bucket) List(ctx context.Context, begin string) (all []Info, err error) {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.at.Bucket, Prefix: b.key(begin)})
	for pages.HasMorePages() {
		page, err := b.page(ctx, pages)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			name := strings.TrimPrefix(aws.ToString(o.Key), b.at.Prefix)
			all = append(all, Info{Name: name, Tag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size)})
		}
	}
	return all, nil
}

func (b *Bucket) page(ctx context.Context, pages *s3.ListObjectsV2Paginator) (*s3.ListObjectsV2Output, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	page, err := pages.NextPage(ctx)
	return page, meant(err)
}

// atOnce is how many objects are removed at a time.
const atOnce = 8

// Remove removes objects; those that aren't there don't matter.
func (b *Bucket) Remove(ctx context.Context, names ...string) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, name := range names {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, callTime)
			defer cancel()
			_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.at.Bucket, Key: b.key(name)})
			if err = meant(err); errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// RemoveAll removes the objects whose names begin so.
func (b *Bucket) RemoveAll(ctx context.Context, begin string) error {
	all, err := b.List(ctx, begin)
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, o := range all {
		names[i] = o.Name
	}
	return b.Remove(ctx, names...)
}

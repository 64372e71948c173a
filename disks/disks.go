package disks

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/store"
)

// keys of the store: disk.<name>.
const keyPrefix = "disk."

// Disks knows which instance has which disk. Its methods are safe for concurrent use.
type Disks struct {
	cfg Config

	mu     sync.Mutex
	loaded bool              // others has what the store said when Run began
	others map[string]*other // by disk
}

// entry is what the store says of a disk.
type entry struct {
	Instance string `json:"instance"`
	Place
}

// New returns Disks that know nothing until they are Run.
func New(cfg Config) (*Disks, error) {
	cfg, err := cfg.ready()
	if err != nil {
		return nil, err
	}
	return &Disks{cfg: cfg, others: map[string]*other{}}, nil
}

// NewName returns a name that no other disk has: 12 letters and digits.
func NewName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// IsName reports whether a text can be the name of a disk.
func IsName(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789abcdef") == "" }

// UploadID is what an upload on a disk is asked for by; on one without a name its id alone.
func UploadID(disk, id string) string {
	if disk == "" {
		return id
	}
	return disk + "." + id
}

// SplitUpload is the inverse of UploadID.
func SplitUpload(id string) (disk, bare string) {
	if disk, bare, ok := strings.Cut(id, "."); ok {
		return disk, bare
	}
	return "", id
}

// Disk is this instance's; empty: it has none.
func (d *Disks) Disk() string { return d.cfg.Disk }

// Run says where this instance's disk is, and follows what the others say, until ctx ends.
func (d *Disks) Run(ctx context.Context) {
	defer d.close()
	if d.cfg.Disk != "" && d.cfg.Place != nil {
		for said := false; ; said = true {
			err := d.announce(ctx)
			if err == nil {
				break
			}
			if !said && ctx.Err() == nil {
				d.cfg.Log.Warn("disk_not_announced", "err", err)
			}
			if !pause.For(ctx, time.Second) {
				return
			}
		}
	}
	for ctx.Err() == nil {
		err := d.cfg.Store.Watch(ctx, keyPrefix+"*", d.see, d.load)
		if ctx.Err() == nil {
			d.cfg.Log.Warn("disks_not_watched", "err", err)
			pause.For(ctx, time.Second)
		}
	}
}

func (d *Disks) load() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loaded = true
}

// announce writes where this instance's disk is reached.
func (d *Disks) announce(ctx context.Context) error {
	key := keyPrefix + d.cfg.Disk
	before, err := d.cfg.Store.Get(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	value, err := json.Marshal(entry{d.cfg.Instance, d.cfg.Place()})
	if err == nil {
		_, err = d.cfg.Store.Put(ctx, key, value, before.Revision)
	}
	return err
}

// see takes note of where a disk is.
func (d *Disks) see(e store.Entry) {
	disk := strings.TrimPrefix(e.Key, keyPrefix)
	var is entry
	if !e.Deleted() {
		if err := json.Unmarshal(e.Value, &is); err != nil || !IsName(disk) {
			d.cfg.Log.Error("disk_unreadable", "disk", disk, "err", err)
			return
		}
	}
	if disk == d.cfg.Disk {
		if is.Instance != d.cfg.Instance {
			d.cfg.Log.Error("disk_twice", "disk", disk, "reason", "another instance has a copy of this one's data directory: remove disk.id from one of them, and start it again")
		}
		return
	}
	d.mu.Lock()
	before := d.others[disk]
	delete(d.others, disk)
	if !e.Deleted() {
		d.others[disk] = newOther(disk, is)
	}
	d.mu.Unlock()
	if before != nil {
		before.close()
	}
}

func (d *Disks) other(disk string) *other {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.others[disk]
}

func (d *Disks) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.others {
		o.close()
	}
}

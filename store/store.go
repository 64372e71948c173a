// Package store keeps small values under keys, with compare-and-set per key and
// watching: what a session is made of. [Store] is the interface, [Memory] the
// implementation that ends with the process; package store/nats has the one that is
// persisted and shared between instances, and package storetest the tests of both.
//
// Keys are tokens of [A-Za-z0-9_=-] joined by dots. A filter is a key in which
// the token * stands for any one token, and > at the end for one or more.
package store

import (
	"context"
	"errors"
	"strings"
)

var (
	// ErrConflict is returned by a Store when a key isn't at the revision that
	// the writer expected it at.
	ErrConflict = errors.New("store: the key has been changed by another writer")
	// ErrNotFound is returned by a Store when a key doesn't exist.
	ErrNotFound = errors.New("store: no such key")
	// ErrDiskFull is returned by a Store that has no room for a change.
	ErrDiskFull = errors.New("the disk is full")
)

// Entry is a key's value as of one revision.
type Entry struct {
	Key      string
	Value    []byte // nil when the key has been deleted; not to be modified
	Revision uint64 // grows by every change of any key of the store; never 0
}

// Deleted reports whether the entry says that its key has been deleted.
func (e Entry) Deleted() bool { return e.Value == nil }

// Store keeps entries. Implementations are safe for concurrent use; storetest.Run
// tells whether one conforms.
type Store interface {
	// Get returns the key's present entry, or ErrNotFound.
	Get(ctx context.Context, key string) (Entry, error)

	// List returns the present entries that match any of the filters, by revision. No key matches two of them. What
	// a Put, a Delete or a Watch of this store has returned or told before is in it.
	List(ctx context.Context, filters ...string) ([]Entry, error)

	// Keys is List for one filter without the values, which may be large: they are empty, not nil.
	Keys(ctx context.Context, filter string) ([]Entry, error)

	// Put sets the key to value, which isn't empty, and returns the new
	// revision. It fails with ErrConflict unless the key is at the revision
	// given, where 0 stands for a key that doesn't exist or is deleted.
	Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)

	// Delete deletes the key if it exists at the revision given, and fails with
	// ErrConflict otherwise.
	Delete(ctx context.Context, key string, revision uint64) (uint64, error)

	// Watch calls changed for each entry that matches the filter, then loaded,
	// then changed for each later change, all of it from one goroutine and by
	// growing revision; of several changes of a key it may skip all but the
	// last. It blocks until ctx ends, and returns nil then, or until it fails. The caller
	// may watch again after a failure, and gets everything anew.
	Watch(ctx context.Context, filter string, changed func(Entry), loaded func()) error
}

// Scope returns the first two tokens of a key, which tell a session; of a filter nothing when
// it isn't about one scope. Stores keep the entries of a scope together.
func Scope(key string) string {
	i := strings.IndexByte(key, '.')
	if j := strings.IndexByte(key[i+1:], '.'); i >= 0 && j >= 0 {
		key = key[:i+1+j]
	}
	if strings.ContainsAny(key, "*>") {
		return ""
	}
	return key
}

// Match reports whether the key matches the filter.
func Match(filter, key string) bool {
	for {
		f, restF, moreF := strings.Cut(filter, ".")
		k, restK, moreK := strings.Cut(key, ".")
		if f == ">" {
			return !moreF && k != ""
		}
		if f != "*" && f != k {
			return false
		}
		if !moreF || !moreK {
			return moreF == moreK
		}
		filter, key = restF, restK
	}
}

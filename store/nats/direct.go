package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downbeat-sync/downbeat/store"
)

// What a direct get of the newest messages of some subjects can't answer, so that a reader has to.
var (
	errNothing = errors.New("there is nothing of that")
	errTooMany = errors.New("there is too much of that for one answer")
)

// directScopes is how many filters one direct get has at first.
const directScopes = 64

// newestOf returns the newest messages of the subjects that match, tombstones too, and up to which revision that is
// all: by direct gets, which take the server no time for what doesn't match. It fails with errNothing
// where nothing matches. Each request asks for besides too, if that isn't empty: a key that a server which isn't
// behind has, since another server may answer each of them.
func (l *link) newestOf(ctx context.Context, filters []string, besides string) (found []store.Entry, upTo uint64, err error) {
	if len(filters) > directScopes {
		return l.halves(ctx, filters, besides)
	}
	found, upTo, err = l.directGet(ctx, and(filters, besides))
	if errors.Is(err, errTooMany) && len(filters) > 1 {
		return l.halves(ctx, filters, besides)
	}
	return found, upTo, err
}

// halves asks for half of the filters after the other.
func (l *link) halves(ctx context.Context, filters []string, besides string) ([]store.Entry, uint64, error) {
	first, upTo, err := l.newestOf(ctx, filters[:len(filters)/2], besides)
	if err != nil && !errors.Is(err, errNothing) {
		return nil, 0, err
	}
	second, andUpTo, errSecond := l.newestOf(ctx, filters[len(filters)/2:], besides)
	switch {
	case errSecond != nil && !errors.Is(errSecond, errNothing):
		return nil, 0, errSecond
	case err != nil || errSecond != nil: // of the empty half nobody says up to where
		return append(first, second...), 0, err
	}
	return append(first, second...), min(upTo, andUpTo), nil
}

// directGet makes one request. Its answer is several messages, each of which says which one was before it, and an end.
func (l *link) directGet(ctx context.Context, filters []string) (found []store.Entry, upTo uint64, err error) {
	subjects := make([]string, len(filters))
	for i, f := range filters {
		subjects[i] = subjectPrefix + f
	}
	question, err := json.Marshal(map[string][]string{"multi_last": subjects})
	if err != nil {
		return nil, 0, err
	}
	inbox := l.conn.NewInbox()
	sub, err := l.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := l.conn.PublishRequest("$JS.API.DIRECT.GET."+streamName, inbox, question); err != nil {
		return nil, 0, err
	}
	before := uint64(0)
	for {
		m, err := l.nextOf(ctx, sub)
		if err != nil {
			return nil, 0, fmt.Errorf("read the newest: %w", err)
		}
		number := func(header string) uint64 { n, _ := strconv.ParseUint(m.Header.Get(header), 10, 64); return n }
		if number(jetstream.LastSequenceHeader) != before && m.Header.Get("Status") != "404" && m.Header.Get("Status") != "413" {
			return nil, 0, errors.New("read the newest: a part of the answer was lost")
		}
		switch m.Header.Get("Status") {
		case "":
			before = number(jetstream.SequenceHeader)
			e := store.Entry{Key: strings.TrimPrefix(m.Header.Get(jetstream.SubjectHeader), subjectPrefix), Revision: before}
			if !tombstone(m.Header) {
				e.Value = append([]byte{}, m.Data...)
			}
			found = append(found, e)
		case "204":
			if number("Nats-Num-Pending") > 0 {
				return nil, 0, errTooMany
			}
			return found, number("Nats-UpTo-Sequence"), nil
		case "404":
			return nil, 0, errNothing
		case "413":
			return nil, 0, errTooMany
		default:
			return nil, 0, fmt.Errorf("read the newest: %s %s", m.Header.Get("Status"), m.Header.Get("Description"))
		}
	}
}

func (l *link) nextOf(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

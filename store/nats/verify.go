package nats

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

// The NATS server drops what it can't read of its files, and makes a new stream
// where it can't read the old one's. So the files are looked at before it is
// started; what is damaged is left as it is. The layout is that of nats-server
// 2.15: a stream's meta.inf with its checksum in meta.sum, and blocks N.blk
// of records:
//
//	u32 length, its highest bit: has headers | u64 sequence | i64 time | u16 length of the subject |
//	subject | u32 length of the headers, if any | headers and value | u64 checksum
const (
	recordHead = 22
	recordHash = 8
	headersBit = 1 << 31
	maxRecord  = 32 << 20
)

var errDamaged = errors.New("it is damaged")

// verify reads a store's files.
func verify(store string) error {
	dir := filepath.Join(store, "jetstream", "$G", "streams", streamName)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := verifyMeta(dir); err != nil {
		return err
	}
	blocks, err := blocksOf(filepath.Join(dir, "msgs"))
	if err != nil {
		return err
	}
	for i, b := range blocks {
		data, err := os.ReadFile(b.file)
		if err != nil {
			return err
		}
		if !b.intact(data, i == len(blocks)-1) {
			return fmt.Errorf("%w: %s", errDamaged, b.file)
		}
	}
	return nil
}

func verifyMeta(dir string) error {
	name := filepath.Join(dir, "meta.inf")
	meta, err := os.ReadFile(name)
	sum, errSum := os.ReadFile(filepath.Join(dir, "meta.sum"))
	if errors.Join(err, errSum) != nil {
		if empty(filepath.Join(dir, "msgs")) { // the process ended while it made the stream
			return nil
		}
		return fmt.Errorf("%w: %s", errDamaged, errors.Join(err, errSum))
	}
	key := sha256.Sum256([]byte(streamName))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		return err
	}
	_, _ = h.Write(meta)
	if hex.EncodeToString(h.Sum(nil)) != string(sum) || !json.Valid(meta) {
		return fmt.Errorf("%w: %s", errDamaged, name)
	}
	return nil
}

// empty reports whether no block of a directory has anything in it.
func empty(dir string) bool {
	blocks, err := blocksOf(dir)
	return err == nil && !slices.ContainsFunc(blocks, func(b block) bool {
		info, err := os.Stat(b.file)
		return err != nil || info.Size() > 0
	})
}

// block is a file of records.
type block struct {
	file   string
	number int
}

// blocksOf returns the blocks in a directory by their numbers.
func blocksOf(dir string) ([]block, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var blocks []block
	for _, f := range files {
		if n, err := strconv.Atoi(strings.TrimSuffix(f.Name(), ".blk")); err == nil && strings.HasSuffix(f.Name(), ".blk") {
			blocks = append(blocks, block{filepath.Join(dir, f.Name()), n})
		}
	}
	slices.SortFunc(blocks, func(a, b block) int { return a.number - b.number })
	return blocks, nil
}

// intact reports whether the block has good records alone. The end of the last block
// may be torn: then no record after that is good.
func (b block) intact(data []byte, last bool) bool {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", streamName, b.number))
	for len(data) > 0 {
		n := goodRecord(data, key[:])
		if n == 0 {
			return last && !anyGood(data[1:], key[:])
		}
		data = data[n:]
	}
	return true
}

func anyGood(data, key []byte) bool {
	for i := range data {
		if goodRecord(data[i:], key) > 0 {
			return true
		}
	}
	return false
}

// goodRecord returns the length of the record that data begins with, 0 when it isn't good.
func goodRecord(data, key []byte) int {
	if len(data) < recordHead+recordHash {
		return 0
	}
	length := binary.LittleEndian.Uint32(data)
	n, from := int(length&^headersBit), recordHead+int(binary.LittleEndian.Uint16(data[20:]))
	rest := from
	if length&headersBit != 0 {
		rest += 4
	}
	if n > maxRecord || n > len(data) || rest > n-recordHash {
		return 0
	}
	h, err := highwayhash.New64(key)
	if err != nil {
		return 0
	}
	_, _ = h.Write(data[4:20])
	_, _ = h.Write(data[recordHead:from])
	_, _ = h.Write(data[rest : n-recordHash])
	if !bytes.Equal(h.Sum(nil), data[n-recordHash:n]) {
		return 0
	}
	return n
}

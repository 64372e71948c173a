package server

import (
	"context"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// diskFile has the name of the disk that a data directory is.
const diskFile = "disk.id"

// openDisks makes what reaches the disks of the other instances, if there can be any.
func (s *Server) openDisks() (err error) {
	if s.keeper == nil {
		return nil
	}
	name, place := "", s.place
	if s.bucket != nil {
		place = nil // every instance has it
		if name, err = nameOfBucket(context.Background(), s.bucket); err != nil {
			return err
		}
	} else if s.cfg.Data != "" {
		if name, err = nameOfDisk(s.cfg.Data); err != nil {
			return err
		}
	}
	s.disks, err = disks.New(disks.Config{
		Disk: name, Instance: s.cfg.Instance, Place: place, Store: s.store, Log: s.log,
		Key: func() []byte { return s.keeper.Key("requests between instances") },
		Now: func() time.Time { return time.Unix(0, int64(s.clock.Now())) },
	})
	return err
}

// disk is the name of this instance's; empty where no other instance can be.
func (s *Server) disk() string {
	if s.disks == nil {
		return ""
	}
	return s.disks.Disk()
}

// nameOfDisk reads a data directory's name, and gives it one if it has none.
func nameOfDisk(dir string) (string, error) {
	file := filepath.Join(dir, diskFile)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(disks.NewName() + "\n")
		err = atomicfile.Write(file, 0o600, b)
	}
	name := strings.TrimSpace(string(b))
	if err == nil && !disks.IsName(name) {
		err = taken("{Data} %s: its file %s is damaged; restore it from a copy, or remove it: what is on this disk can't be found by other instances then", dir, diskFile)
	}
	return name, err
}

// place is where the other instances reach this one.
func (s *Server) place() (p disks.Place) {
	at := s.sockets.at()
	switch {
	case s.cfg.InstanceURL != "":
		p.URLs = []string{s.cfg.InstanceURL}
		return p
	case at == nil:
		p.URLs = s.cfg.URLs
		return p
	}
	scheme := "http"
	if s.secure.config != nil {
		scheme = "https"
	}
	for _, a := range reachable(at.IP, at.Port, s.cfg.Advertise) {
		p.URLs = append(p.URLs, scheme+"://"+netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()).String()+s.cfg.Prefix)
	}
	if s.secure.namesOnly && len(s.secure.names) > 0 {
		p.Name = s.secure.names[0]
	}
	if s.secure.root != nil {
		p.Authority = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.secure.root.Raw}))
	}
	return p
}

// checkInstanceURL refuses what no instance can be reached at.
func checkInstanceURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return wrong("{InstanceURL} %s: it is a URL such as http://10.0.0.2:8080", s)
	}
	return nil
}

package server

import (
	"context"

	"github.com/downbeat-sync/downbeat/access"
)

// openAccess decides who may do what, and keeps the admin key that it makes.
func (s *Server) openAccess(context.Context) (err error) {
	cfg := &s.cfg.Access
	if cfg.Mode == "" {
		cfg.Mode = access.Link
		if at := s.sockets.at(); at != nil && at.IP.IsLoopback() {
			cfg.Mode = access.Open
		}
	}
	switch {
	case cfg.Mode != access.Link:
		cfg.AdminKey = ""
	case cfg.AdminKey == "" && s.cfg.Data == "":
		cfg.AdminKey = access.NewKey()
	case cfg.AdminKey == "":
		cfg.AdminKey, err = access.KeptKey(s.cfg.Data)
	}
	if err != nil {
		return err
	}
	if cfg.Log == nil {
		cfg.Log = s.log
	}
	if s.policy, err = access.New(*cfg); err != nil {
		return wrong("%w", err)
	}
	return nil
}

// AdminKey is what creates and lists sessions in mode link; empty in the other modes.
func (s *Server) AdminKey() string { return s.cfg.Access.AdminKey }

// AccessMode says who may do what.
func (s *Server) AccessMode() access.Mode { return s.cfg.Access.Mode }

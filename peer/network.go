package peer

import (
	"sync"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
)

// interfacesKept is for how long a list of the machine's interfaces is taken for the present one.
const interfacesKept = 5 * time.Second

// network is the machine's own, whose interfaces are listed once for all connections that are
// made within a few seconds: pion asks the system anew for each, and keeps the answer.
type network struct {
	transport.Net

	mu     sync.Mutex
	listed time.Time
	kept   []*transport.Interface
}

func newNetwork() (*network, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &network{Net: n}, nil
}

// Interfaces lists them. The caller must not change what is returned.
func (n *network) Interfaces() ([]*transport.Interface, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kept != nil && time.Since(n.listed) < interfacesKept {
		return n.kept, nil
	}
	fresh, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	if n.kept, err = fresh.Interfaces(); err != nil {
		return nil, err
	}
	n.listed = time.Now()
	return n.kept, nil
}

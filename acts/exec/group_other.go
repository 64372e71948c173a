//go:build !unix

package exec

import (
	"os"
	"os/exec"
	"time"
)

func monotonic() time.Duration { return 0 } // no reading of a command's is believed then

// Without process groups a command's own processes aren't reached, and without signals it can only be killed.

func ownGroup(*exec.Cmd) {}

func interrupt(p *os.Process) { _ = p.Kill() }
func terminate(p *os.Process) { _ = p.Kill() }
func kill(p *os.Process)      { _ = p.Kill() }

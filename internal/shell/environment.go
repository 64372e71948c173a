package shell

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// EnvPrefix begins the names of the environment variables that set flags.
const EnvPrefix = "DOWNBEAT_"

// TakeEnvironment lets environment variables set flags: those of logging and those of
// serve. What asks for something to be done (--version, --help) is never set from outside, nor
// are flags of other commands, but for those that have a variable of their own (env:"…").
func TakeEnvironment(k *kong.Kong) error {
	for _, flag := range k.Model.Flags {
		if strings.HasPrefix(flag.Name, "log-") {
			setBy(flag)
		}
	}
	for _, command := range k.Model.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			if flag.Name != "accept-data-loss" { // said once, by somebody who knows what is lost
				setBy(flag)
			}
		}
	}
	return nil
}

func setBy(flag *kong.Flag) {
	name := EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
	flag.Envs, flag.Tag.Envs = []string{name}, []string{name}
}

// Variables are the names of the environment variables that mean something to any command.
func Variables(k *kong.Kong) []string {
	var names []string
	for _, node := range append([]*kong.Node{k.Model.Node}, k.Model.Children...) {
		for _, flag := range node.Flags {
			names = append(names, flag.Envs...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// IgnoredVariables are the names of variables that look as if they were meant for this
// program, and mean nothing to it.
func IgnoredVariables(k *kong.Kong) []string {
	var ignored []string
	known := Variables(k)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, EnvPrefix) && !strings.HasPrefix(name, EnvPrefix+"TEST_") && !slices.Contains(known, name) {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(ignored)
	return ignored
}

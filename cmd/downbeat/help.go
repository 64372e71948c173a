package main

import "github.com/alecthomas/kong"

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command; none: all of them."`
}

// Run prints what --help prints of the command.
func (c *helpCmd) Run(app *kong.Kong) error {
	of, err := kong.Trace(app, c.Command)
	if err == nil {
		err = of.Error
	}
	if err != nil {
		return usageError{err}
	}
	return of.PrintUsage(false)
}

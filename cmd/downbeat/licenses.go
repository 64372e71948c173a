package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
)

// licenses is written by `make licenses`.
//
//go:embed licenses.txt
var licenses string

type licensesCmd struct{}

func (licensesCmd) Run() error { return printLicenses(os.Stdout) }

func printLicenses(w io.Writer) error {
	_, err := fmt.Fprint(w, licenses)
	return err
}

package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// completions are what makes a shell ask the program: with the line so far in COMP_LINE it
// prints what may come next.
var completions = map[string]string{
	"bash": `# eval "$(downbeat completion bash)"
complete -o default -C downbeat downbeat
`,
	"zsh": `# eval "$(downbeat completion zsh)"
autoload -U +X bashcompinit && bashcompinit
complete -o default -C downbeat downbeat
`,
	"fish": `# downbeat completion fish | source
function __downbeat_complete
    set -lx COMP_LINE (commandline -cp)
    test -z (commandline -ct); and set COMP_LINE "$COMP_LINE "
    downbeat
end
complete -f -c downbeat -a "(__downbeat_complete)"
`,
}

func (c *completionCmd) Run(app *kong.Kong) error {
	_, err := fmt.Fprintln(app.Stdout, strings.TrimSpace(completions[c.Shell]))
	return err
}

// complete answers a shell that asks what may come next, and ends the program then.
func complete(parser *kong.Kong) { kongplete.Complete(parser) }

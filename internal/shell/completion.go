package shell

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete"
)

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

// PrintCompletion prints to w what makes a shell ask the program.
func PrintCompletion(w io.Writer, shell string) error {
	_, err := fmt.Fprintln(w, strings.TrimSpace(completions[shell]))
	return err
}

// Complete answers a shell that asks what may come next, and ends the program then.
func Complete(parser *kong.Kong) { kongplete.Complete(parser) }

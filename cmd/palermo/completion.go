package main

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for bash, zsh, fish or powershell",
		Long: `Print a script that completes palermo's commands and flags.

  bash        palermo completion bash > /etc/bash_completion.d/palermo
  zsh         palermo completion zsh > "${fpath[1]}/_palermo"
  fish        palermo completion fish > ~/.config/fish/completions/palermo.fish
  powershell  palermo completion powershell | Out-String | Invoke-Expression`,
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs:             []string{"bash", "zsh", "fish", "powershell"},
		DisableFlagsInUseLine: true,
	}
	c.RunE = a.does("completion", func(_ context.Context, args []string) (*result, error) { return completion(c.Root(), args[0]) })
	return c
}

func completion(root *cobra.Command, shell string) (*result, error) {
	var b bytes.Buffer
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&b, true)
	case "zsh":
		err = root.GenZshCompletion(&b)
	case "fish":
		err = root.GenFishCompletion(&b, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&b)
	}
	script := b.String()
	return &result{ok: true, summary: "completion script for " + shell, value: map[string]string{"shell": shell, "script": script},
		text: func(p *printer) { p.w.WriteString(script) }}, err
}

package pipeline

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"palermo/extract"
)

const maxSecretsFile = 64 << 10

// readSecrets reads what opens the files of each agency that has agreed on something. What a secret is stands
// in no message, nor in what the home keeps.
func (h *Home) readSecrets() error {
	h.secrets = map[string][]extract.Secret{}
	for _, a := range sortedKeys(h.Config.Agencies) {
		name := h.Config.Agencies[a].OpenWith
		if name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = h.path(name)
		}
		text, why := readPrivate(name)
		if why == "" {
			var err error
			if h.secrets[a], err = extract.ParseSecrets(text); err != nil {
				why = strings.ReplaceAll(err.Error(), "\n", ": ")
			}
		}
		if why != "" {
			return ConfigFinding(fmt.Sprintf("agencies.%s.open_with: %s", a, why))
		}
	}
	return nil
}

// readPrivate reads a file that only its owner can read, or says why not.
func readPrivate(name string) (text, why string) {
	f, err := os.Open(name)
	if err != nil {
		return "", "the file cannot be opened"
	}
	defer f.Close()
	switch fi, err := f.Stat(); {
	case err != nil || !fi.Mode().IsRegular():
		return "", "this is no plain file"
	case fi.Mode().Perm()&0o077 != 0:
		return "", "others can read the file; make it yours alone (chmod 600)"
	case fi.Size() > maxSecretsFile:
		return "", "the file is too long to hold only secrets"
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecretsFile))
	if err != nil {
		return "", "the file cannot be read"
	}
	return string(b), ""
}

// secretsTried is a keyed digest of the secrets of an agency, by which a file that none of them opened is tried
// again once there are others.
func (h *Home) secretsTried(agency string) string {
	all := []string{"open_with"}
	for _, s := range h.secrets[agency] {
		all = append(all, string(s))
	}
	return h.key.mac(all...)
}

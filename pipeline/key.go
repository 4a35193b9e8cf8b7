package pipeline

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"palermo/diag"
	"palermo/schemas"
	"palermo/transform"
)

// keyBytes is the length of a home's key.
const keyBytes = 32

// key is the home's secret: every id that stands for a person, a record or a file is derived from
// it, so that who lacks the key cannot tell whose they are.
type key []byte

// IDs makes the keyed ids of a home whose key this is.
func IDs(secret []byte) transform.IDs { return key(secret) }

// KeyFile is where the home's key lies: PALERMO_KEY_FILE, else vault/key.
func (h *Home) KeyFile() string {
	if f := os.Getenv("PALERMO_KEY_FILE"); f != "" {
		return f
	}
	return h.path(vaultDir, "key")
}

// openKey reads the key. Where there is none it makes one, if it may and the home has published
// nothing yet: a new key would break every link to what was published under the old one.
func openKey(h *Home, mayMake bool) (key, error) {
	file := h.KeyFile()
	k, err := readKey(file)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return k, err
	case h.hasSnapshots():
		return nil, &EnvironmentError{diag.HomeKeyMissing, file, nil}
	case !mayMake:
		return nil, nil
	}
	return makeKey(file)
}

func readKey(file string) (key, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, environment(err)
	}
	k, err := decodeKey(b)
	if err != nil {
		return nil, &EnvironmentError{diag.HomeKeyMissing, file, err}
	}
	return k, nil
}

func decodeKey(b []byte) (key, error) {
	k, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(k) != keyBytes {
		return nil, fmt.Errorf("a key file holds %d hexadecimal digits", 2*keyBytes)
	}
	return k, nil
}

func makeKey(file string) (key, error) {
	k := make(key, keyBytes)
	if _, err := rand.Read(k); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	err := writeNew(file, []byte(hex.EncodeToString(k)+"\n"))
	if errors.Is(err, fs.ErrExist) { // another first run made one meanwhile, and may be using it
		return readKey(file)
	}
	if err != nil {
		return nil, environment(fmt.Errorf("make a key: %w", err))
	}
	return k, nil
}

// mac is the keyed digest of the parts, in hexadecimal. No part can run into the next.
func (k key) mac(parts ...string) string {
	text := make([]byte, 0, 256)
	for _, p := range parts {
		text = append(strconv.AppendInt(text, int64(len(p)), 10), '|')
		text = append(text, p...)
	}
	h := hmac.New(sha256.New, k)
	h.Write(text)
	var sum [sha256.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// submissionID names a submission: the same file from the same agency has the same id, and who
// lacks the key cannot tell which file it is.
func (k key) submissionID(agency, sha256 string) string {
	return "s" + k.mac("submission", agency, sha256)[:16]
}

// zone is the key of a zone: an id there is another than in every other zone, so that who holds two
// outputs cannot join what was kept apart.
func (k key) zone(z schemas.Zone) key {
	return key(k.mac("zone", string(z)))
}

// id is an id of the lake as the zone of the key has it.
func (k key) id(lake string) string {
	if lake == "" {
		return ""
	}
	return lake[:1] + k.mac("id", lake)[:24]
}

// person is the id of the person whose first record is the one named; an id of a person is what it is: where that record
// was erased, only it is left.
func (k key) person(record string) string {
	if strings.HasPrefix(record, "p") {
		return record
	}
	return "p" + k.mac("person", record)[:24]
}

// episode is the id of a person's episode.
func (k key) episode(person string, ordinal int) string {
	return "e" + k.mac("episode", person, strconv.Itoa(ordinal))[:24]
}

// Record is the id of a case record: of who reports it, on which form, under which reference.
func (k key) Record(source, agency, form, caseReference string) string {
	return "r" + k.mac("record", source, agency, form, caseReference)[:24]
}

// Case is the id of a case, whatever forms speak of it.
func (k key) Case(source, agency, caseReference string) string {
	return "c" + k.mac("case", source, agency, caseReference)[:24]
}

// Row is the id of a record without a case reference: of what its row says.
func (k key) Row(agency, table, text string, ordinal int) string {
	return "r" + k.mac("row", agency, table, text, strconv.Itoa(ordinal))[:24]
}

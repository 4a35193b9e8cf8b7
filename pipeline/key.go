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
	"palermo/load"
	"palermo/schemas"
	"palermo/transform"
)

// keyBytes is the length of a home's key.
const keyBytes = 32

// key is a secret: every id that stands for a person, a record or a file is derived from one, so that who lacks the
// key cannot tell whose they are.
type key []byte

// ring is the keys of a home, the oldest first. The first one makes the private ids of records, cases, persons and
// submissions, by which decisions, withdrawals and the person registry know them: it stays for good. The last one makes
// the ids of the zones of them, and is the one that is rotated. A home whose key was never rotated has one for both.
type ring []key

// IDs makes the keyed ids of a home whose key this is.
func IDs(secret []byte) transform.IDs { return key(secret) }

// KeyFile is where the home's key lies: PALERMO_KEY_FILE, else vault/key.
func (h *Home) KeyFile() string {
	if f := os.Getenv("PALERMO_KEY_FILE"); f != "" {
		return f
	}
	return h.path(vaultDir, "key")
}

// openKeys reads the keys. Where there are none it makes one, if it may and the home has published
// nothing yet: a new key would break every link to what was published under the old one, as would a
// key file of before a rotation.
func openKeys(h *Home, mayMake bool) (ring, error) {
	file := h.KeyFile()
	k, err := readKeys(file)
	switch {
	case err == nil:
		if _, m, err := load.Current(h.Dir); err == nil {
			if _, err := k.published(m); err != nil {
				return nil, &EnvironmentError{diag.HomeKeyMissing, file, err}
			}
		}
		return k, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case h.hasSnapshots():
		return nil, &EnvironmentError{diag.HomeKeyMissing, file, nil}
	case !mayMake:
		return nil, nil
	}
	return makeKey(file)
}

// useKeys lets the home work with the keys.
func (h *Home) useKeys(r ring) {
	h.keys = r
	if len(r) > 0 {
		h.key = r[0]
	}
}

func readKeys(file string) (ring, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, environment(err)
	}
	r, err := decodeKeys(b)
	if err != nil {
		return nil, &EnvironmentError{diag.HomeKeyMissing, file, err}
	}
	return r, nil
}

// decodeKeys reads a key file: a key a line.
func decodeKeys(b []byte) (ring, error) {
	var r ring
	for line := range strings.Lines(strings.TrimSpace(string(b))) {
		k, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(k) != keyBytes {
			return nil, fmt.Errorf("a key file holds %d hexadecimal digits a line", 2*keyBytes)
		}
		r = append(r, k)
	}
	if len(r) == 0 {
		return nil, errors.New("a key file is not empty")
	}
	return r, nil
}

// encode is the text of the key file.
func (r ring) encode() []byte {
	var b []byte
	for _, k := range r {
		b = append(hex.AppendEncode(b, k), '\n')
	}
	return b
}

func newKey() (key, error) {
	k := make(key, keyBytes)
	if _, err := rand.Read(k); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return k, nil
}

func makeKey(file string) (ring, error) {
	k, err := newKey()
	if err != nil {
		return nil, err
	}
	r := ring{k}
	err = writeNew(file, r.encode())
	if errors.Is(err, fs.ErrExist) { // another first run made one meanwhile, and may be using it
		return readKeys(file)
	}
	if err != nil {
		return nil, environment(fmt.Errorf("make a key: %w", err))
	}
	return r, nil
}

// ids is the key that makes the ids of the zones now.
func (r ring) ids() key { return r[len(r)-1] }

// published is the key that made the ids of a snapshot.
func (r ring) published(m *load.Manifest) (key, error) {
	if len(r) > 0 && (m == nil || m.IDKey == "") { // no key had been rotated then
		return r[0], nil
	}
	for _, k := range r {
		if r.mark(k) == m.IDKey {
			return k, nil
		}
	}
	return nil, errors.New("the ids of the snapshot were made with a key that the key file does not have")
}

// mark names a key of the ring and tells nothing of it. With another first key its mark is another, too.
func (r ring) mark(k key) string { return k.mac("key", r[0].mac("key"))[:16] }

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

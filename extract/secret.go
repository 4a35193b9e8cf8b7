package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/xuri/excelize/v2"

	"palermo/diag"
)

// Secret opens what a sender closed: an age identity (AGE-SECRET-KEY-1…), or a password, of a workbook or
// of an age file. It prints as a word that says nothing. As JSON it is itself, to be handed on.
type Secret string

// String hides the secret.
func (Secret) String() string { return "secret" }

// GoString hides the secret.
func (Secret) GoString() string { return "secret" }

// MarshalJSON is for handing Options to a worker, never for a log.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(string(s)) }

func (s Secret) isIdentity() bool { return strings.HasPrefix(string(s), identityPrefix) }

const (
	identityPrefix = "AGE-SECRET-KEY-"
	maxSecrets     = 16

	ageBinary  = "age-encryption.org/v1\n"
	ageArmored = "-----BEGIN AGE ENCRYPTED FILE-----"

	// howToLock ends the message about a file that is protected in a way that is not read. It must never
	// lead anyone to send names in the clear.
	howToLock = "do not send it without: protect an .xlsx workbook with the agreed password, or use age"

	unknownSecret = "is protected, and nothing that was agreed on with its sender opens it; " +
		"do not send it without protection: agree on the password with those who run palermo"
)

// ErrSecrets says that what should be secrets is none.
var ErrSecrets = errors.New("no secrets")

// ParseSecrets reads secrets, one a line, as age-keygen writes them and as people write passwords. Lines that are
// blank or begin with "# " are passed over. The error names the line and quotes nothing.
func ParseSecrets(text string) ([]Secret, error) {
	var out []Secret
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, bomUTF8)) {
		n++
		s := Secret(strings.TrimRight(line, "\r\n"))
		switch {
		case strings.TrimSpace(string(s)) == "", strings.HasPrefix(string(s), "# "):
			continue
		case s.isIdentity():
			if _, err := age.ParseIdentities(strings.NewReader(strings.TrimSpace(string(s)))); err != nil {
				return nil, errors.Join(ErrSecrets, errors.New("line "+strconv.Itoa(n)+": not a whole age identity"))
			}
			s = Secret(strings.TrimSpace(string(s)))
		}
		out = append(out, s)
	}
	switch {
	case len(out) == 0:
		return nil, errors.Join(ErrSecrets, errors.New("it has none"))
	case len(out) > maxSecrets:
		return nil, errors.Join(ErrSecrets, errors.New("it has more than "+strconv.Itoa(maxSecrets)))
	}
	return out, nil
}

// held is bytes in memory as a source.
type held struct{ *bytes.Reader }

func (held) Close() error { return nil }

func inMemory(b []byte) source { return held{bytes.NewReader(b)} }

// decrypted goes on with what a secret opened. It stays in memory.
func (f *File) decrypted(b []byte) error {
	if f.opened++; f.opened > 2 { // a workbook with a password in an age file
		return fault(nil, diag.FileFormat, f.pos(), "it is encrypted within what is encrypted")
	}
	if err := f.f.Close(); err != nil {
		return err
	}
	f.f, f.size, f.secret = inMemory(b), int64(len(b)), true
	return f.open()
}

// errPassword says that a password is not the one.
var errPassword = errors.New("not the password")

// openAge decrypts an age file with the first secret that fits.
func (f *File) openAge() error {
	ids, err := f.identities()
	if err != nil {
		return err
	}
	if f.size > f.o.MaxPartBytes {
		return fault(nil, diag.FileTooLarge, f.pos(), "encrypted files of more than %d bytes are not read", f.o.MaxPartBytes)
	}
	if len(ids) == 0 {
		return fault(nil, diag.FilePassword, f.pos(), "the age file %s", unknownSecret)
	}
	for _, id := range ids {
		var in io.Reader = io.NewSectionReader(f.f, 0, f.size)
		head := make([]byte, len(ageArmored))
		if n, _ := f.f.ReadAt(head, 0); string(head[:n]) == ageArmored {
			in = armor.NewReader(in)
		}
		r, err := age.Decrypt(in, id)
		var wrong *age.NoIdentityMatchError
		if errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			return fault(nil, diag.FileDamaged, f.pos(), "the age file's header cannot be read, or asks for more work than is allowed")
		}
		b, err := io.ReadAll(io.LimitReader(r, f.o.MaxPartBytes+1))
		switch {
		case err != nil:
			return fault(nil, diag.FileDamaged, f.pos(), "the age file is not whole, or was changed")
		case int64(len(b)) > f.o.MaxPartBytes:
			return fault(nil, diag.FileTooLarge, f.pos(), "encrypted files of more than %d bytes are not read", f.o.MaxPartBytes)
		}
		return f.decrypted(b)
	}
	return fault(nil, diag.FilePassword, f.pos(), "the age file %s", unknownSecret)
}

// maxScrypt is the work that an age file may ask for its passphrase: as age's own default limit, in
// powers of two, and as much memory as it takes.
const maxScrypt = 18

func (f *File) identities() ([]age.Identity, error) {
	var out []age.Identity
	for _, s := range f.o.Secrets {
		if s.isIdentity() {
			ids, err := age.ParseIdentities(strings.NewReader(string(s)))
			if err != nil {
				return nil, ErrSecrets
			}
			out = append(out, ids...)
			continue
		}
		id, err := age.NewScryptIdentity(string(s))
		if err != nil {
			return nil, ErrSecrets
		}
		id.SetMaxWorkFactor(maxScrypt)
		out = append(out, id)
	}
	return out, nil
}

// spins finds how much work an encrypted workbook asks of who tries a password.
var spins = regexp.MustCompile(`spinCount="([0-9]*)"`)

const maxSpins = 1_000_000 // spreadsheet programs write 100,000

// openLocked decrypts a workbook with the first password that fits.
func (f *File) openLocked(c *compound) error {
	if f.size > f.o.MaxPartBytes {
		return fault(nil, diag.FileTooLarge, f.pos(), "encrypted files of more than %d bytes are not read", f.o.MaxPartBytes)
	}
	info, err := c.stream("EncryptionInfo", 1<<20)
	if err != nil {
		return fault(err, diag.FileDamaged, f.pos(), "what says how the workbook is encrypted cannot be read")
	}
	if m := spins.FindSubmatch(info); m != nil {
		if n, err := strconv.Atoi(string(m[1])); err != nil || n > maxSpins {
			return fault(nil, diag.FileTooLarge, f.pos(), "the workbook's encryption asks for more work than is allowed")
		}
	}
	raw := make([]byte, f.size)
	if _, err := f.f.ReadAt(raw, 0); err != nil && err != io.EOF {
		return err
	}
	for _, s := range f.o.Secrets {
		if s.isIdentity() {
			continue
		}
		b, err := decryptBook(raw, string(s))
		if errors.Is(err, errPassword) {
			continue
		}
		if err != nil {
			return fault(nil, diag.FileDamaged, f.pos(), "the encrypted workbook cannot be read, or is encrypted in a way that is not known")
		}
		return f.decrypted(b)
	}
	return fault(nil, diag.FilePassword, f.pos(), "the workbook %s", unknownSecret)
}

// decryptBook is the workbook's bytes: a zip file, or the password is not the one. Its panics become
// errors.
func decryptBook(raw []byte, password string) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, errors.New("the library that decrypts workbooks stopped")
		}
	}()
	b, err = excelize.Decrypt(raw, &excelize.Options{Password: password})
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return nil, errPassword
	}
	return b, nil
}

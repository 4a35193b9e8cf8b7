package extract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
)

func encrypted(t testing.TB, b []byte, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	must(t, err)
	_, err = w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

func armored(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	_, err := w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

// TestSecrets: what was encrypted is read as if it had not been, by whichever secret fits, and stays in
// memory.
func TestSecrets(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	other, err := age.GenerateX25519Identity()
	must(t, err)
	pass, err := age.NewScryptRecipient("horse battery")
	must(t, err)
	pass.SetWorkFactor(10)
	text, plain := []byte("a,b\n1,2\n"), inflated(t, workbook(t, false), nil, asIs)
	standard, err := excelize.Encrypt(plain, &excelize.Options{Password: "horse battery"})
	must(t, err)
	agile, err := os.ReadFile(filepath.Join("testdata", "agile.xlsx"))
	must(t, err)
	wantBook, _, err := readAll(t, plain, extract.Options{})
	must(t, err)
	book := strings.Join(wantBook, ";")
	secrets := []extract.Secret{extract.Secret(other.String()), "wrong", extract.Secret(key.String()), "horse battery"}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"age, by a key", "1: a|b;2: 1|2", encrypted(t, text, key.Recipient())},
		{"age, as text", "1: a|b;2: 1|2", armored(t, encrypted(t, text, key.Recipient()))},
		{"age, by a passphrase", "1: a|b;2: 1|2", encrypted(t, text, pass)},
		{"a workbook in age", book, encrypted(t, plain, key.Recipient())},
		{"an archive in age", "1: a|b;2: 1|2;" + book, encrypted(t, zipped(t, "a.csv", string(text), "b.xlsx", string(plain)), key.Recipient())},
		{"age in an archive", "1: a|b;2: 1|2", zipped(t, "a.csv.age", string(encrypted(t, text, key.Recipient())))},
		{"a workbook, standard encryption", book, standard},
		{"a workbook, agile encryption", "1: agile;2: 42", agile},
		{"a workbook with a password in age", book, encrypted(t, standard, key.Recipient())},
	} {
		tmp := t.TempDir()
		lines, _, err := readAll(t, c.b, extract.Options{Name: "f", TmpDir: tmp, Secrets: secrets})
		if got := strings.Join(lines, ";"); got != c.want || err != nil {
			t.Errorf("%s: %v: %.80q, want %.80q", c.name, err, got, c.want)
		}
		for _, none := range [][]extract.Secret{nil, {"wrong", extract.Secret(other.String())}} {
			_, _, err = readAll(t, c.b, extract.Options{Name: "f", Secrets: none})
			if got := code(err); !strings.HasPrefix(got, "file.password f") || !strings.Contains(err.Error(), "do not send it without protection") || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%s, not to be opened: %v, want file.password", c.name, err)
			}
		}
	}
}

func TestSecretFaults(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	hard, err := age.NewScryptRecipient("horse battery")
	must(t, err)
	hard.SetWorkFactor(10)
	good := encrypted(t, []byte("a,b\n1,2\n"), key.Recipient())
	twice := good
	for range 3 {
		twice = encrypted(t, twice, key.Recipient())
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	agile, err := os.ReadFile(filepath.Join("testdata", "agile.xlsx"))
	must(t, err)
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"age, changed", "file.damaged f", flipped},
		{"age, cut off", "file.damaged f", good[:len(good)-20]},
		{"age, of its first line", "file.damaged f", []byte("age-encryption.org/v1\n")},
		{"age, too much work", "file.damaged f", regexp.MustCompile(`(-> scrypt \S+) 10`).ReplaceAll(encrypted(t, []byte("a,b\n"), hard), []byte("$1 30"))},
		{"age within age within age", "file.format f", twice},
		{"age of nothing", "file.empty f", encrypted(t, nil, key.Recipient())},
		{"agile, too much work", "file.too_large f", bytes.Replace(agile, []byte(`spinCount="100000"`), []byte(`spinCount="9999999"`), 1)},
		{"agile, cut off", "file.damaged f", agile[:len(agile)-1500]},
	} {
		_, _, err := readAll(t, c.b, extract.Options{Name: "f", Secrets: []extract.Secret{extract.Secret(key.String()), "horse battery"}})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if _, _, err := readAll(t, good, extract.Options{Name: "f", MaxPartBytes: 100, Secrets: []extract.Secret{extract.Secret(key.String())}}); code(err) != "file.too_large f" {
		t.Errorf("over the limit: %v", err)
	}
}

func TestParseSecrets(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	must(t, err)
	got, err := extract.ParseSecrets("# created: 2026\r\n# public key: age1\n" + key.String() + "  \n\n a pass #word \r\n")
	if err != nil || len(got) != 2 || string(got[0]) != key.String() || string(got[1]) != " a pass #word " {
		t.Errorf("secrets %d, %v", len(got), err)
	}
	for name, text := range map[string]string{"none": "\n# nothing\n", "a broken key": "AGE-SECRET-KEY-1QQ\n", "many": strings.Repeat("p\n", 17)} {
		if _, err := extract.ParseSecrets(text); !errors.Is(err, extract.ErrSecrets) || strings.Contains(fmt.Sprint(err), "QQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := struct{ S []extract.Secret }{got}
	if out := fmt.Sprintf("%v %+v %#v %s", s, s, s, got[1]); strings.Contains(out, "word") || strings.Contains(out, "AGE") {
		t.Errorf("printed: %s", out)
	}
	b, err := json.Marshal(s)
	must(t, err)
	var back struct{ S []extract.Secret }
	if err := json.NewDecoder(io.LimitReader(bytes.NewReader(b), 1<<10)).Decode(&back); err != nil || back.S[1] != got[1] {
		t.Errorf("handed on as JSON: %v", err)
	}
}

package pipeline_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"palermo/pipeline"
)

// TestSecretOfAnAgency: what an agency encrypts is refused with a sentence that helps, and read by the next
// run once the steward holds the secret. The secret and the plain text get nowhere in the home that the
// rows do not.
func TestSecretOfAnAgency(t *testing.T) {
	t.Parallel()
	key, err := age.GenerateX25519Identity()
	check(t, err)
	var locked bytes.Buffer
	w, err := age.Encrypt(&locked, key.Recipient())
	check(t, err)
	_, err = w.Write(table(t, goodRow(2001), badRow(2002, cellSex, canary)))
	check(t, err)
	check(t, w.Close())
	home := newHome(t, map[string][]byte{"unodc/locked.csv.age": locked.Bytes(), "other/good.csv": table(t, goodRow(2003))})
	s := run(t, home, pipeline.Options{Now: clock(1)})
	i := slices.IndexFunc(s.Files, func(f pipeline.FileSummary) bool { return f.Agency == "unodc" })
	if f := s.Files[i]; f.Status != pipeline.StatusRefused || len(f.Found) != 1 || f.Found[0].Code != "file.password" || !strings.Contains(f.Found[0].Message, "do not send it without protection") {
		t.Fatalf("without the secret: %s, %v", f.Status, f.Found)
	}
	secret := filepath.Join(home, "secrets", "unodc.txt")
	write(t, secret, []byte("# the key of unodc\n"+key.String()+"\n"))
	write(t, filepath.Join(home, "palermo.yaml"), []byte("agencies: {unodc: {open_with: secrets/unodc.txt}}\n"))
	check(t, os.Chmod(secret, 0o640))
	var bad *pipeline.ConfigError
	if _, err := tryRun(home, pipeline.Options{}); !errors.As(err, &bad) || !strings.Contains(err.Error(), "chmod 600") || strings.Contains(err.Error(), "AGE-") {
		t.Errorf("a secret that others can read: %v", err)
	}
	check(t, os.Chmod(secret, 0o600))
	s = run(t, home, pipeline.Options{Now: clock(2)})
	if s.Status != pipeline.RunPublished || s.Made != 1 || s.Rows.Loaded != 2 || s.Rows.Rejected != 1 {
		t.Errorf("with the secret: %s, %d made, rows %+v", s.Status, s.Made, s.Rows)
	}
	if s = run(t, home, pipeline.Options{Now: clock(3)}); s.Status != pipeline.RunNothingNew {
		t.Errorf("again: %s", s.Status)
	}
	check(t, filepath.WalkDir(home, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || p == secret {
			return err
		}
		if b := read(t, p); bytes.Contains(b, []byte("AGE-SECRET-KEY")) || bytes.Contains(b, []byte(canary)) && !privateZone(strings.TrimPrefix(p, home)) {
			t.Errorf("%s holds the secret or the plain text", strings.TrimPrefix(p, home))
		}
		return nil
	}))
}

// TestArchiveOfTables: a zip file is one submission, whose files are its sheets; a mapping sees each as if it
// had come alone, and a value leads back to its cell.
func TestArchiveOfTables(t *testing.T) {
	t.Parallel()
	treaties, err := os.ReadFile("../fixtures/treaties/in/status.xlsx")
	check(t, err)
	rcp, err := os.ReadFile("../fixtures/rcp/in/regional_workbook.xlsx")
	check(t, err)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range []struct {
		name string
		body []byte
	}{{"2021/glotip.csv", table(t, goodRow(2001), badRow(2002, cellSex, canary))}, {"status.xlsx", treaties}, {"rcp.xlsx", rcp}, {"__MACOSX/._status.xlsx", []byte("x")}, {"about.pdf", []byte("%PDF-1.7")}} {
		w, err := z.Create(m.name)
		check(t, err)
		_, err = io.Copy(w, bytes.NewReader(m.body))
		check(t, err)
	}
	check(t, z.Close())
	home := newHome(t, map[string][]byte{"unodc/all.zip": b.Bytes()})
	s := run(t, home, pipeline.Options{})
	f := s.Files[0]
	if want := []string{"rcp", "treaties", "unodc_glotip"}; f.Status != pipeline.StatusAcceptedInPart || !slices.Equal(f.Sources, want) {
		t.Fatalf("%s, sources %v, found %v", f.Status, f.Sources, f.Found)
	}
	var places []string
	for _, d := range f.Found {
		places = append(places, string(d.Code)+" "+d.Pos.String())
	}
	for _, want := range []string{"file.member all.zip[about.pdf]", "code.unmapped all.zip[2021/glotip.csv]!H5"} {
		if !slices.Contains(places, want) {
			t.Errorf("findings %v lack %s", places, want)
		}
	}
	db := open(t, home)
	alone := newHome(t, map[string][]byte{"unodc/rcp.xlsx": rcp})
	run(t, alone, pipeline.Options{})
	const counts = `SELECT target, unit, read, loaded, rejected, skipped FROM row_balance WHERE target IN ('record', 'person_record') OR target LIKE 'record%' ORDER BY ALL`
	if got, want := query(t, db, counts), query(t, open(t, alone), counts); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("a workbook in the archive: %v, alone: %v", got, want)
	}
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	ids := query(t, db, `SELECT DISTINCT _submission || '.' || _sheet || '.' || _row FROM (SELECT _submission, _sheet, _row FROM statistic UNION SELECT _submission, _sheet, _row FROM record) ORDER BY ALL`)
	xs, err := h.Explain(context.Background(), ids...)
	check(t, err)
	for i, x := range xs {
		if d := x.Differs(); len(d) > 0 || len(x.Published) == 0 {
			t.Errorf("%s: published %v, differs in %v", ids[i], x.Published, d)
		}
	}
}

// privateZone reports whether raw words of a table may stand there.
func privateZone(path string) bool {
	return slices.Contains([]string{"quarantine", "lake", "steward"}, strings.Split(path, "/")[1])
}

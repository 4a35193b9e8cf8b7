package assess_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"palermo/schemas"
	"palermo/transform/assess"
)

// written is the text of a built-in definition.
func written(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("rules/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decode(text string) (*assess.Rules, error) {
	fsys := fstest.MapFS{"rules/palermo.yaml": &fstest.MapFile{Data: []byte(text)}}
	return assess.Decode(fsys, schemas.Builtin())
}

func TestDecodeFaults(t *testing.T) {
	palermo := written(t, "palermo.yaml")
	for _, c := range []struct {
		name, old, new string
		want           string // the fault
		at             string // what stands where it is placed
	}{
		{"not YAML", "title: ", "title: [", "cannot start any token", ""},
		{"a word too much", "citation: >-", "court: x\ncitation: >-", `unknown entry "court"`, "court"},
		{"a rule with an expression", "    note: Act, means", "    if: age < 18\n    note: Act, means", `unknown entry "if"`, "if"},
		{"no such definition", "definition: palermo", "definition: vienna", "no such code in the list definition", "vienna"},
		{"no title", "title: Palermo Protocol, Article 3\n", "", "title and citation are needed", ""},
		{"not a day", "in_force: 2003-12-25", "in_force: 25 December 2003", "a day as 2003-12-25 is needed", "25 December 2003"},
		{"no such element", "  - name: means\n", "  - name: method\n", `no element "method"`, "method"},
		{"an element twice", "  - name: means\n", "  - name: act\n", `element "act" twice`, "act"},
		{"no such code", "codes: [abduction]", "codes: [kidnapping]", `no code "kidnapping" in the list means`, "kidnapping"},
		{"a code twice", "codes: [fraud]", "codes: [fraud, abduction]", `code "abduction" twice`, "abduction]"},
		{"a code left out", "    beside: [other_means]\n", "", `code "other_means" of the list means stands neither under counts nor under beside`, ""},
		{"no word of the law", "{word: abduction, ", "{", "the definition's word is needed", ""},
		{"no such status", "status: elements_met\n", "status: guilty\n", `no status "guilty"`, "guilty"},
		{"no such condition", "when: {act: [met], means: [met], purpose: [met]}", "when: {consent: [met]}", `the rules of this definition have no word "consent"`, "[met]}"},
		{"a condition of another definition", "when: {act: [met], means: [met], purpose: [met]}", "when: {subjection: [met]}", `the rules of this definition have no word "subjection"`, "[met]}"},
		{"no such value", "when: {act: [met], means: [met], purpose: [met]}", "when: {act: [proved]}", `act has no value "proved"`, "proved"},
		{"met is of elements only", `child_at_act: ["no"]`, "child_at_act: [met]", `child_at_act has no value "met"`, "met]"},
		{"a condition without values", "when: {act: [met], means: [met], purpose: [met]}", "when: {act: []}", "a condition needs a value", "[]"},
		{"a rule twice", "name: act_missing", "name: means_missing", `rule "means_missing" twice`, "means_missing"},
		{"a rule without an example", "    example: Only threats are stated.\n", "", "a rule needs name, status, article, note and example", ""},
		{"a rule never reached", "when: {purpose: [denied]}", "when: {}", `is never reached: "purpose_denied" matches whatever it does`, ""},
		{"a last rule with conditions", "when: {}", "when: {act: [missing]}", "the last rule must have no conditions", ""},
		{"nothing at all", palermo, "", "EOF", ""},
	} {
		text := strings.Replace(palermo, c.old, c.new, 1)
		if text == palermo {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		_, err := decode(text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
			continue
		}
		if c.at != "" {
			checkPlace(t, c.name, text, err.Error(), c.want, c.at)
		}
	}
}

// checkPlace is whether the fault's line and column are where the text is.
func checkPlace(t *testing.T, name, text, all, fault, at string) {
	t.Helper()
	for message := range strings.Lines(all) {
		if !strings.Contains(message, fault) {
			continue
		}
		place, _, _ := strings.Cut(message, ": ")
		var row, col int
		parts := strings.Split(place, ":")
		if len(parts) != 3 {
			t.Errorf("%s: %q has no place", name, message)
			return
		}
		row, col = atoi(parts[1]), atoi(parts[2])
		lines := strings.Split(text, "\n")
		if row > len(lines) || col > len(lines[row-1]) || !strings.HasPrefix(lines[row-1][col-1:], at) {
			t.Errorf("%s: %q does not point at %q", name, message, at)
		}
		return
	}
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

func TestDecodeTVPAFaults(t *testing.T) {
	tvpa := written(t, "tvpa_2000.yaml")
	for _, c := range []struct{ name, old, new, want string }{
		{"a status of the set twice", "status: severe_labour", "status: severe_sex", `status "severe_sex" twice in the set`},
		{"a status of the set outside it", "status: not_severe", "status: severe_sex", `status "severe_sex" is one of the set`},
		{"half of the elements", "  - name: subjection\n", "  - name: purpose\n", "the elements must be"},
	} {
		if _, err := decode(strings.Replace(tvpa, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestDecodeFiles(t *testing.T) {
	if _, err := assess.Decode(fstest.MapFS{}, schemas.Builtin()); err == nil {
		t.Error("no files: no error")
	}
	palermo := &fstest.MapFile{Data: []byte(written(t, "palermo.yaml"))}
	_, err := assess.Decode(fstest.MapFS{"rules/a.yaml": palermo, "rules/b.yaml": palermo}, schemas.Builtin())
	if err == nil || !strings.Contains(err.Error(), `two files define "palermo"`) {
		t.Errorf("one definition in two files: %v", err)
	}
	one, err := decode(written(t, "palermo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := decode(written(t, "palermo.yaml") + "\n# a remark\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(one.Digest()) != 64 || one.Digest() == other.Digest() || one.Digest() == assess.Builtin().Digest() {
		t.Errorf("digests %s, %s", one.Digest(), other.Digest())
	}
}

// FuzzDecode: no text makes Decode panic, and rules that it accepts answer.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"palermo.yaml", "tvpa_2000.yaml", "coe_2005.yaml"} {
		f.Add(written(f, name))
	}
	f.Add("rules: []\nset: [{}]\nelements: [{name: act}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decode(text)
		if err != nil {
			return
		}
		if len(assess.Assess(r, stated(act("recruitment"), minor))) == 0 {
			t.Error("accepted rules that do not answer")
		}
	})
}

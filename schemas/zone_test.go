package schemas

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mayHold is who may see what, said a second time: as it came, and made coarser.
var (
	mayHold = map[Zone][]Class{
		ZonePrivate: {ClassNone, ClassQuasi, ClassSensitive, ClassSafety, ClassFreeText, ClassStaff, ClassDirect},
		ZoneSteward: {ClassNone, ClassQuasi, ClassSensitive},
		ZoneAnalyst: {ClassNone},
	}
	mayHoldCoarse = map[Zone][]Class{
		ZoneSteward: {ClassDirect},
		ZoneAnalyst: {ClassQuasi, ClassDirect},
	}
)

// wantIn is whether the zone may hold the column, and how coarse.
func wantIn(z Zone, c Column) (coarsened string, ok bool) {
	switch {
	case slices.Contains(mayHold[z], c.Class):
		return "", true
	case !slices.Contains(mayHoldCoarse[z], c.Class):
		return "", false
	}
	switch c.Coarsen {
	case CoarsenAsIs:
		return "", true
	case CoarsenYear, CoarsenMonth, CoarsenBand:
		return c.Coarsen, c.Part != PartText && c.Part != PartAsReported
	}
	return "", false
}

func TestEveryFieldInEveryZone(t *testing.T) {
	for zone := range mayHold {
		for _, table := range Builtin().Tables {
			has := map[string]Column{}
			if in := table.In(zone); in != nil {
				for _, c := range in.Columns() {
					has[c.Name] = c
				}
			}
			stands := slices.Index(zones, zone) <= slices.Index(zones, table.Zone)
			for _, c := range table.Columns() {
				coarse, may := wantIn(zone, c)
				got, ok := has[c.Name]
				if want := stands && may; ok != want {
					t.Errorf("%s.%s (%s) in the %s zone: %t, want %t", table.Name, c.Name, c.Class, zone, ok, want)
				} else if ok && got.Coarsened != coarse {
					t.Errorf("%s.%s in the %s zone is coarsened %q, want %q", table.Name, c.Name, zone, got.Coarsened, coarse)
				}
				delete(has, c.Name)
			}
			for name := range has {
				t.Errorf("%s.%s stands in the %s zone and nowhere else", table.Name, name, zone)
			}
		}
	}
}

// In the words of a reader: what an analyst and a steward find of a record, and what the lake has.
func TestRecordInItsZones(t *testing.T) {
	record := Builtin().Table("record")
	for _, c := range []struct {
		column                       string
		lake, steward, analyst, safe string // how coarse; "no" where it does not stand; safe is the vault
	}{
		{"record_id", "", "", "", ""},
		{"given_name", "no", "no", "no", ""},
		{"case_reference", "no", "no", "no", ""},
		{"birth_from", CoarsenYear, CoarsenYear, CoarsenYear, ""},
		{"birth_precision_code", CoarsenYear, CoarsenYear, CoarsenYear, ""},
		{"age_years_low", "", "", CoarsenBand, "no"},
		{"age_years_text", "", "", "no", "no"},
		{"registration_to", "", "", CoarsenMonth, "no"},
		{"origin_country_code", "", "", "", "no"},
		{"origin_country_code_as_reported", "", "", "", "no"},
		{"origin_region", "", "no", "no", "no"},
		{"income_before_low", "", "", CoarsenBand, "no"},
		{"income_before_text", "", "", "no", "no"},
		{"ethnicity", "", "", "no", "no"},
		{"origin_place", "", "no", "no", "no"},
		{"whereabouts", "", "no", "no", "no"},
		{"notes", "", "no", "no", "no"},
		{"case_worker", "", "no", "no", "no"},
		{"_row", "", "", "", ""},
	} {
		for table, want := range map[*Table]string{record.Lake(): c.lake, record.In(ZoneSteward): c.steward,
			record.In(ZoneAnalyst): c.analyst, record.Vault(): c.safe} {
			got := "no"
			for _, has := range table.Columns() {
				if has.Name == c.column {
					got = has.Coarsened
				}
			}
			if got != want {
				t.Errorf("%s: %q, want %q, in a table of %d columns", c.column, got, want, len(table.Fields))
			}
		}
	}
}

func TestLakeAndVaultAreTheTable(t *testing.T) {
	for _, table := range Builtin().Tables {
		vault, direct := table.Vault(), 0
		for _, f := range table.Fields {
			if f.Class != ClassDirect {
				continue
			}
			direct++
			if got := vault.Field(f.Name); got == nil || *got != f {
				t.Errorf("%s.%s is not in the vault in full", table.Name, f.Name)
			}
			if in := table.Lake().Field(f.Name); in != nil && in.Coarsened == "" {
				t.Errorf("%s.%s is in the lake as it came", table.Name, f.Name)
			}
		}
		if (vault == nil) != (direct == 0) {
			t.Errorf("%s has %d direct fields; its vault: %t", table.Name, direct, vault != nil)
		}
		if vault != nil && (len(vault.keyNames()) != len(table.keyNames()) || vault.In(ZoneSteward) != nil) {
			t.Errorf("the vault of %s lacks some of its key, or may leave", table.Name)
		}
		if direct == 0 && len(table.Lake().Columns()) != len(table.Columns()) {
			t.Errorf("%s has no direct field, and the lake not all of it", table.Name)
		}
	}
}

// No band hides whether someone is a child.
func TestBands(t *testing.T) {
	for name, lows := range bands {
		if !slices.IsSorted(lows) || len(slices.Compact(slices.Clone(lows))) != len(lows) || lows[0] != 0 {
			t.Errorf("bands %s do not ascend from 0: %v", name, lows)
		}
	}
	if !slices.Contains(Bands("age"), 18) {
		t.Error("no border at 18")
	}
	for _, table := range Builtin().Tables {
		for _, f := range table.Fields {
			if f.Coarsen == CoarsenBand && strings.HasPrefix(f.Name, "age_") != (f.Bands == "age") {
				t.Errorf("%s.%s has the bands %q", table.Name, f.Name, f.Bands)
			}
		}
	}
	if got, want := bandWords([]int64{0, 1, 9, 18}, Integer), "0, 1-8, 9-17, 18+"; got != want {
		t.Errorf("bandWords = %q, want %q", got, want)
	}
	if got, want := bandWords([]int64{0, 1, 100}, Real), "0-0.99, 1-99.99, 100+"; got != want {
		t.Errorf("bandWords of amounts = %q, want %q", got, want)
	}
}

// A text that a cell filled may be anyone's name: no case table shows one to analysts. What stands
// there as text is an id, or a word of the mapping; a source's word for a code is shown as its
// shape where no mapping lists it.
func TestTextOfCases(t *testing.T) {
	ours := []string{"record_id", "case_id", "source_id", "form", "rule", SubmissionColumn}
	for _, table := range Builtin().Tables {
		in := table.In(ZoneAnalyst)
		if table.Group != GroupCases || in == nil {
			continue
		}
		for _, c := range in.Columns() {
			if c.Type == Text && c.Part != PartAsReported && !slices.Contains(ours, c.Name) {
				t.Errorf("%s.%s is text that analysts may read", table.Name, c.Name)
			}
		}
	}
}

func TestKeyedIDs(t *testing.T) {
	id := regexp.MustCompile(`^(.*_)?(record|person|episode|subject)_id(_[ab])?$|^case_id$`)
	for _, table := range Builtin().Tables {
		var want []string
		for _, f := range table.Fields {
			if id.MatchString(f.Name) {
				want = append(want, f.Name)
			}
		}
		if got := table.Keyed(); !slices.Equal(want, got) {
			t.Errorf("keyed ids of %s = %v, want %v", table.Name, got, want)
		}
	}
}

func TestShowsWords(t *testing.T) {
	record := Builtin().Table("record")
	for name, want := range map[string]Zone{"record_kind_code": ZoneAnalyst, "origin_country_code": ZoneAnalyst, "age_years": ZoneSteward,
		"language": ZonePrivate, "disability_code": ZoneSteward, "birth": ZonePrivate, "risk_code": ZonePrivate} {
		for _, z := range zones {
			if got := record.Field(name).ShowsWords(z); got != (slices.Index(zones, z) <= slices.Index(zones, want)) {
				t.Errorf("%s shows its words in the %s zone: %t", name, z, got)
			}
		}
	}
}

func TestCoarsenedIsSaid(t *testing.T) {
	in := Builtin().Table("record").In(ZoneAnalyst)
	for name, want := range map[string]string{"birth": "Coarsened to the year", "registration": "Coarsened to the month",
		"children": "Coarsened to the bands 0, 1, 2, 3, 4, 5+"} {
		for _, c := range in.Field(name).Columns() {
			isValue := c.Part == PartLow || c.Part == PartHigh
			if got := strings.Contains(c.Comment(), want); got != isValue {
				t.Errorf("comment of %s says %q: %t", c.Name, want, got)
			}
		}
	}
}

func TestDirectFields(t *testing.T) {
	for table, fields := range map[string][]string{
		"record":     {"given_name", "family_name", "father_name", "birth", "case_reference", "identity_number", "phone", "address", "birth_place"},
		"submission": {"file_name", "sha256"},
		"quarantine": {"cells", "header"},
	} {
		for _, name := range fields {
			f := Builtin().Table(table).Field(name)
			if f == nil || f.Class != ClassDirect {
				t.Errorf("%s.%s is not direct", table, name)
			}
		}
	}
}

func TestNarrowTables(t *testing.T) {
	for name, want := range map[string]Zone{
		"record_vulnerability": ZoneSteward, "link_pair": ZoneSteward, "link_review": ZoneSteward, "person_record": ZoneAnalyst,
		"quarantine": ZonePrivate, "statistic": ZoneAnalyst, "record": ZoneAnalyst,
	} {
		table := Builtin().Table(name)
		if table.Zone != want {
			t.Errorf("widest zone of %s = %s, want %s", name, table.Zone, want)
		}
		if want != ZoneAnalyst && table.In(ZoneAnalyst) != nil {
			t.Errorf("%s stands in the analyst zone", name)
		}
	}
	if got := Builtin().Table("record").In("open"); got != nil {
		t.Error("a table in a zone that does not exist")
	}
}

func TestInLeavesTheTable(t *testing.T) {
	table := Builtin().Table("record")
	n := len(table.Fields)
	if in := table.In(ZoneAnalyst); len(in.Fields) >= n || len(table.Fields) != n {
		t.Errorf("%d of %d fields; the table has %d", len(in.Fields), n, len(table.Fields))
	}
}

// Analysts see which records are a person's, so that they can count persons, and nothing of how alike
// the names were that decided it.
func TestMembershipWithoutEvidence(t *testing.T) {
	var got []string
	for _, c := range Builtin().Table("person_record").In(ZoneAnalyst).Columns() {
		got = append(got, c.Name)
	}
	if want := []string{"record_id", "person_id", "episode_id"}; !slices.Equal(got, want) {
		t.Errorf("columns %v, want %v", got, want)
	}
}

package schemas

import (
	"slices"
	"testing"
)

// mayHold is who may see what, said a second time.
var mayHold = map[Zone][]Class{
	ZonePrivate: {ClassNone, ClassQuasi, ClassSensitive, ClassSafety, ClassFreeText, ClassStaff, ClassDirect},
	ZoneSteward: {ClassNone, ClassQuasi, ClassSensitive},
	ZoneAnalyst: {ClassNone},
}

func TestEveryFieldInEveryZone(t *testing.T) {
	for zone, allowed := range mayHold {
		for _, table := range Builtin().Tables {
			in := table.In(zone)
			has := map[string]bool{}
			if in != nil {
				for _, c := range in.Columns() {
					has[c.Name] = true
				}
			}
			stands := slices.Index(zones, zone) <= slices.Index(zones, table.Zone)
			for _, c := range table.Columns() {
				if want := stands && slices.Contains(allowed, c.Class); has[c.Name] != want {
					t.Errorf("%s.%s (%s) in the %s zone: %t, want %t", table.Name, c.Name, c.Class, zone, has[c.Name], want)
				}
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
		"link_pair": ZoneSteward, "link_review": ZoneSteward, "person_record": ZoneSteward,
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

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"palermo/load"
	"palermo/schemas"
)

// PersonExplanation is the records of one person, what holds them together, and which value came
// from which of them. Ids are those of the stewards' zone.
type PersonExplanation struct {
	Person    string           `json:"person"`
	Records   []MemberRecord   `json:"records"`
	Links     []PairLink       `json:"links"` // pairs of its records that were compared
	Values    []PersonValue    `json:"values"`
	Conflicts []PersonConflict `json:"conflicts,omitempty"`
}

// MemberRecord is one record of a person.
type MemberRecord struct {
	Record       string  `json:"record"`
	Source       string  `json:"source"`
	Form         string  `json:"form,omitempty"`
	Place        string  `json:"place"` // submission, sheet and row, as explain takes them
	Episode      int     `json:"episode"`
	EpisodeBy    string  `json:"episode_by,omitempty"`
	EpisodeDoubt bool    `json:"episode_in_doubt,omitempty"`
	Probability  float64 `json:"probability"`
	WeakestBits  string  `json:"weakest_bits,omitempty"`
	Name         string  `json:"name,omitempty"` // only where it was asked for
}

// PairLink is two records of a person, and what their evidence comes to.
type PairLink struct {
	A     string  `json:"a"`
	B     string  `json:"b"`
	Bits  float64 `json:"bits"`
	Bound string  `json:"bound_by,omitempty"`
}

// PersonValue is a value of a person, and the record that it was taken from.
type PersonValue struct {
	Field  string `json:"field"`
	Value  string `json:"value"`
	Record string `json:"record"`
}

// PersonConflict is what one record says of a field on which they disagree.
type PersonConflict struct {
	Field  string `json:"field"`
	Record string `json:"record"`
	Value  string `json:"value"`
	Taken  bool   `json:"taken"`
}

// PairExplanation is why two records are, or are not, of one person: what each comparison adds to
// what is known before any. PriorBits and the evidence sum to TotalBits.
type PairExplanation struct {
	A           string         `json:"a"`
	B           string         `json:"b"`
	Rules       string         `json:"rules"`
	Model       string         `json:"model"`
	PriorBits   float64        `json:"prior_bits"`
	Evidence    []PairEvidence `json:"evidence"`
	TotalBits   float64        `json:"total_bits"`
	Probability float64        `json:"probability"`
	Status      string         `json:"status"`
	Short       bool           `json:"short,omitempty"` // too few fields agree for a link without a reviewer
	Bound       string         `json:"bound_by,omitempty"`
	Joined      bool           `json:"joined"`
	Names       []string       `json:"names,omitempty"` // of A and of B; only where they were asked for
}

// PairEvidence is what one comparison says of the pair.
type PairEvidence struct {
	Comparison string  `json:"comparison"`
	Level      int     `json:"level"`
	Says       string  `json:"says"`
	Bits       float64 `json:"bits"`
	Rarity     float64 `json:"rarity_bits"`
}

var linkageID = regexp.MustCompile(`^[pr][0-9a-f]{24}$`)

// IsLinkageID reports whether the text is the id of a person or a record.
func IsLinkageID(s string) bool { return linkageID.MatchString(s) }

// ErrNotSteward says that the home lacks the stewards' database of the published snapshot, without
// which nothing is told of links.
var ErrNotSteward = errors.New("the stewards' database of the published snapshot is not here")

// linkFacts is what explaining a link reads.
type linkFacts struct {
	h   *Home
	db  string
	reg *registry
	key key // of the stewards' zone
}

func (h *Home) linkFacts() (*linkFacts, error) {
	dir, m, err := load.Current(h.Dir)
	if err != nil {
		return nil, fmt.Errorf("read the current snapshot: %w", err)
	}
	f := &linkFacts{h: h, db: h.path(stewardDir, filepath.Base(dir), "steward.duckdb"), key: h.key.zone(schemas.ZoneSteward)}
	if _, err := os.Stat(f.db); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotSteward
	}
	f.reg, err = h.readRegistry(m)
	return f, err
}

// resolve is the stewards' id of a person or record, whose id in any zone is given, and its private
// one.
func (f *linkFacts) resolve(id string) (steward, private string, err error) {
	zones := []key{f.key, f.h.key.zone(schemas.ZoneAnalyst)}
	is := func(private string) bool {
		return private == id || zones[0].id(private) == id || zones[1].id(private) == id
	}
	for _, p := range f.reg.Persons {
		if who := f.h.key.person(p.Anchor); is(who) {
			return f.key.id(who), who, nil
		}
		for _, r := range p.Records {
			if is(r) {
				return f.key.id(r), r, nil
			}
		}
	}
	for from := range f.reg.Superseded {
		if who := f.h.key.person(from); is(who) {
			who = f.h.key.person(f.reg.successor(from))
			return f.key.id(who), who, nil
		}
	}
	return "", "", fmt.Errorf("id %s: %w", id, ErrNotFound)
}

// ExplainPerson tells of which records a person is, and why. id is that of the person in any zone,
// or of one of its records. Names are told only where withNames asks for it: a line in the home's
// audit file then says who asked, before anything is told.
func (h *Home) ExplainPerson(ctx context.Context, id string, withNames bool) (*PersonExplanation, error) {
	f, err := h.linkFacts()
	if err != nil {
		return nil, err
	}
	id, _, err = f.resolve(id)
	if err != nil {
		return nil, err
	}
	if id[0] == 'r' {
		rows, err := load.Query(ctx, f.db, `SELECT person_id FROM person_record WHERE record_id = ?`, id)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, fmt.Errorf("record %s: %w", id, ErrNotFound)
		}
		id = rows[0]["person_id"]
	}
	x := &PersonExplanation{Person: id}
	if err := f.members(ctx, x); err != nil {
		return nil, err
	}
	if err := f.values(ctx, x); err != nil {
		return nil, err
	}
	if withNames {
		names, err := f.names(ctx, "explain --with-names", append([]string{x.Person}, x.ids()...))
		if err != nil {
			return nil, err
		}
		for i := range x.Records {
			x.Records[i].Name = names[x.Records[i].Record]
		}
	}
	return x, nil
}

func (x *PersonExplanation) ids() []string {
	var out []string
	for _, r := range x.Records {
		out = append(out, r.Record)
	}
	return out
}

func (f *linkFacts) members(ctx context.Context, x *PersonExplanation) error {
	rows, err := load.Query(ctx, f.db, `SELECT m.*, e.ordinal, r.source_id, r.form, r._submission || '.' || r._sheet || '.' || r._row AS place
		FROM person_record AS m LEFT JOIN episode AS e USING (episode_id)
		LEFT JOIN record AS r ON r.record_id = m.record_id AND r.is_current
		WHERE m.person_id = ? ORDER BY e.ordinal, m.record_id`, x.Person)
	if err != nil {
		return err
	}
	for _, r := range rows {
		n, _ := strconv.Atoi(r["ordinal"])
		x.Records = append(x.Records, MemberRecord{Record: r["record_id"], Source: r["source_id"], Form: r["form"], Place: r["place"], Episode: n,
			EpisodeBy: r["episode_by"], EpisodeDoubt: r["is_episode_in_doubt"] == "true", Probability: real(r["probability"]), WeakestBits: r["weakest_bits"]})
	}
	links, err := load.Query(ctx, f.db, `SELECT p.* FROM link_pair AS p JOIN person_record AS a ON a.record_id = p.record_id_a
		JOIN person_record AS b ON b.record_id = p.record_id_b WHERE a.person_id = ? AND b.person_id = a.person_id
		ORDER BY p.total_bits DESC, p.record_id_a, p.record_id_b`, x.Person)
	for _, r := range links {
		x.Links = append(x.Links, PairLink{A: r["record_id_a"], B: r["record_id_b"], Bits: real(r["total_bits"]), Bound: r["bound_by"]})
	}
	return err
}

func (f *linkFacts) values(ctx context.Context, x *PersonExplanation) error {
	rows, err := load.Query(ctx, f.db, `SELECT *, birth_from || '/' || birth_to AS birth FROM person WHERE person_id = ?`, x.Person)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, v := range []struct{ field, column, record string }{{"sex_code", "sex_code", "sex_record_id"}, {"birth", "birth", "birth_record_id"},
			{"origin_country_code", "origin_country_code", "origin_record_id"}, {"citizenship_code", "citizenship_code", "citizenship_record_id"}} {
			if r[v.record] != "" {
				x.Values = append(x.Values, PersonValue{v.field, r[v.column], r[v.record]})
			}
		}
	}
	rows, err = load.Query(ctx, f.db, `SELECT * FROM person_conflict WHERE person_id = ? ORDER BY field, record_id`, x.Person)
	for _, r := range rows {
		x.Conflicts = append(x.Conflicts, PersonConflict{r["field"], r["record_id"], r["value"], r["is_taken"] == "true"})
	}
	return err
}

// ExplainPair tells why two records are, or are not, of one person. The first may be a person: then
// it is of the record of that person which is most like the other.
func (h *Home) ExplainPair(ctx context.Context, first, record string, withNames bool) (*PairExplanation, error) {
	f, err := h.linkFacts()
	if err != nil {
		return nil, err
	}
	a, _, err := f.resolve(first)
	if err != nil {
		return nil, err
	}
	b, _, err := f.resolve(record)
	if err != nil {
		return nil, err
	}
	of := `record_id_a = least(?, ?) AND record_id_b = greatest(?, ?)`
	args := []any{a, b, a, b}
	if a[0] == 'p' {
		of = `(record_id_a = ? AND record_id_b IN (FROM person_record SELECT record_id WHERE person_id = ?)
			OR record_id_b = ? AND record_id_a IN (FROM person_record SELECT record_id WHERE person_id = ?))`
		args = []any{b, a, b, a}
	}
	rows, err := load.Query(ctx, f.db, `SELECT * FROM link_pair WHERE `+of+` ORDER BY total_bits DESC, record_id_a, record_id_b LIMIT 1`, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s and %s: no rule brings them together, or hardly anything speaks for one person: %w", first, record, ErrNotFound)
	}
	r := rows[0]
	x := &PairExplanation{A: r["record_id_a"], B: r["record_id_b"], Rules: r["rules"], Model: r["model"], PriorBits: real(r["prior_bits"]),
		TotalBits: real(r["total_bits"]), Probability: real(r["probability"]), Status: r["status_code"], Short: r["is_short"] == "true",
		Bound: r["bound_by"], Joined: r["is_joined"] == "true"}
	rows, err = load.Query(ctx, f.db, `SELECT * FROM link_evidence WHERE record_id_a = ? AND record_id_b = ? ORDER BY ordinal`, x.A, x.B)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		level, _ := strconv.Atoi(r["level"])
		x.Evidence = append(x.Evidence, PairEvidence{r["comparison"], level, r["says"], real(r["bits"]), real(r["rarity_bits"])})
	}
	if withNames {
		names, err := f.names(ctx, "explain --with-names", []string{x.A, x.B})
		if err != nil {
			return nil, err
		}
		x.Names = []string{names[x.A], names[x.B]}
	}
	return x, nil
}

func real(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64) // a column of reals
	return v
}

// names is the names in the vault of records by their stewards' ids. It notes who asked first.
func (f *linkFacts) names(ctx context.Context, command string, ids []string) (map[string]string, error) {
	if err := f.h.auditLink(command, ids); err != nil {
		return nil, err
	}
	private := map[string]string{}
	for _, p := range f.reg.Persons {
		for _, r := range p.Records {
			private[f.key.id(r)] = r
		}
	}
	l, err := f.h.ReadLedger()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i := range l.Submissions {
		path := f.h.vaultFile(recordTable, l.Submissions[i].ID)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, id := range ids {
			if private[id] == "" {
				continue
			}
			row, err := load.Lookup(ctx, path, map[string]string{"record_id": private[id]})
			if err != nil {
				return nil, err
			}
			if row != nil { // a later submission has the newer version
				out[id] = nameOf(row)
			}
		}
	}
	return out, nil
}

func nameOf(row map[string]string) string {
	name := ""
	for _, part := range []string{row["given_name"], row["middle_name"], row["father_name"], row["family_name"]} {
		if part != "" && name != "" {
			name += " "
		}
		name += part
	}
	return name
}

// auditLink notes that somebody was shown the names of records: when, who, and of which.
func (h *Home) auditLink(command string, ids []string) error {
	return h.note(time.Now(), command, map[string]any{"ids": ids})
}

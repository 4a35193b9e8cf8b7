package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"palermo/diag"
	"palermo/transform"
	"palermo/transform/assess"
)

// Reading is how an assessment came about: the definition, the rules that gave it, and what each
// element rests on.
type Reading struct {
	Definition string            `json:"definition"`
	Title      string            `json:"title"`
	Citation   string            `json:"citation"`
	Rules      []ReadRule        `json:"rules"` // one for each status
	Elements   []ReadElement     `json:"elements"`
	Ages       []transform.Trace `json:"ages"` // what the record states of ages, and of when it was
}

// ReadRule is a rule that gave a status.
type ReadRule struct {
	Status  string             `json:"status"`
	Rule    string             `json:"rule"`
	When    []assess.Condition `json:"when"` // none for the last rule, which holds for whatever is left
	Article string             `json:"article"`
	Note    string             `json:"note"`
	Said    diag.Pos           `json:"said"`
}

// ReadElement is how one element stands under the definition, and why.
type ReadElement struct {
	Element    string       `json:"element"`
	Article    string       `json:"article"`
	State      string       `json:"state"`
	Statements []ReadStated `json:"statements"` // the rows that the element can be stated in
}

// ReadStated is a row that says something of an element.
type ReadStated struct {
	ID     string                `json:"id"`
	Code   string                `json:"code"`
	Answer string                `json:"answer"`
	Part   string                `json:"part"`           // what it does for the element
	Word   string                `json:"word,omitempty"` // the definition's word for the code
	Rests  bool                  `json:"rests"`          // the state rests on it
	Rule   string                `json:"rule"`
	Cells  []transform.TraceCell `json:"cells"`
}

// elementTables is the table in which an element is stated.
var elementTables = map[string]string{"act": "record_act", "means": "record_means"}

// assessment explains the assessment of the record that t explains, under the definition asked for.
func (p *published) assessment(ctx context.Context, a asked, t *transform.RowTrace) error {
	x, rules := a.x, assess.Builtin()
	d := rules.Definition(a.definition)
	if d == nil || t.Statement == nil {
		return fmt.Errorf("no assessment under %q: %w", a.definition, ErrNotFound)
	}
	record := x.Published
	x.Table, x.Published, x.Fields = assessmentTable, nil, nil
	var got []assess.Row
	for _, r := range assess.Assess(rules, t.Statement) {
		if r.Definition == d {
			got = append(got, r)
		}
	}
	has, err := p.rows(ctx, assessmentTable, x.Submission.ID, map[string]string{"subject_id": record["record_id"],
		"subject_version": record["record_version"], "definition_code": d.Code})
	if err != nil {
		return err
	}
	x.Reading = &Reading{Definition: d.Code, Title: d.Title, Citation: d.Citation, Ages: agesOf(t)}
	var now, then []string
	for i := range got {
		r := got[i].Rule
		x.Reading.Rules = append(x.Reading.Rules, ReadRule{r.Status.String(), r.Name, r.When, r.Article, r.Note, r.Said})
		now = append(now, r.Status.String()+" "+r.Name)
	}
	for _, row := range has {
		then = append(then, row["status_code"]+" "+row["rule"])
	}
	if slices.Sort(now); len(has) > 0 {
		x.Published = has[0]
		if slices.Sort(then); !slices.Equal(now, then) {
			x.differs = append(x.differs, "status_code")
		}
	}
	x.Reading.elements(d, t, record)
	x.assessed(p, got)
	return nil
}

// assessed makes the explanation's fields of the row that was published first.
func (x *Explanation) assessed(p *published, got []assess.Row) {
	at := max(slices.IndexFunc(got, func(r assess.Row) bool { return r.Rule.Name == x.Published["rule"] }), 0)
	row, t := got[at].Columns(), p.s.Table(assessmentTable)
	for i := range t.Fields {
		name := t.Fields[i].Name
		tr := transform.Trace{Field: name, Values: map[string]string{}, Rule: "assess", Said: got[at].Rule.Said}
		if v := row[name]; v != nil {
			tr.Values[name] = fmt.Sprint(v)
		}
		if strings.HasPrefix(name, "subject_") && x.Published != nil {
			tr.Values[name], tr.Rule = x.Published[name], "palermo"
		}
		x.Fields = append(x.Fields, tr)
	}
	x.compare = comparable(t)
}

// elements says of each element how it stands, and which rows of the record that rests on.
func (r *Reading) elements(d *assess.Definition, t *transform.RowTrace, record map[string]string) {
	base := record["record_id"] + "@" + record["record_version"]
	for _, why := range d.Reasons(t.Statement) {
		e := ReadElement{Element: why.Element.Name, Article: why.Element.Article, State: why.State.String()}
		table := elementTables[e.Element]
		if table == "" {
			table = "record_purpose"
		}
		for _, n := range why.Entries {
			i := slices.IndexFunc(t.Children, func(c transform.ChildTrace) bool { return c.Table == table && c.Ordinal == n.Place+1 })
			if i < 0 {
				continue
			}
			c := &t.Children[i]
			code, answer := c.Value(strings.TrimPrefix(table, "record_")+"_code"), c.Value("answer_code")
			e.Statements = append(e.Statements, ReadStated{ID: base + "/" + table + "/" + strconv.Itoa(c.Ordinal), Code: code, Answer: answer,
				Part: n.Part.String(), Word: n.Word, Rests: n.Rests, Rule: c.Rule, Cells: c.Cells()})
		}
		r.Elements = append(r.Elements, e)
	}
}

// ageFields is the record's fields that ages are read from.
var ageFields = []string{"birth", "age_years", "age_at_recruitment_years", "age_at_exploitation_years", "registration", "interview_date",
	"identification", "referral"}

func agesOf(t *transform.RowTrace) []transform.Trace {
	var out []transform.Trace
	for _, f := range t.Fields {
		if slices.Contains(ageFields, f.Field) && len(f.Values) > 0 && f.Values[f.Field+"_status"] == "" {
			out = append(out, f)
		}
	}
	return out
}

// hide leaves of the statements' cells only words that the mapping lists.
func (r *Reading) hide() {
	for i := range r.Elements {
		for k := range r.Elements[i].Statements {
			cells := r.Elements[i].Statements[k].Cells
			for c := range cells {
				cells[c].Hide(false)
			}
		}
	}
}

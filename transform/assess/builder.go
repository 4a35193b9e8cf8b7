package assess

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// codeColumn is a column of table assessment whose values are words of this package.
type codeColumn struct {
	name  string
	words []string // by value; an empty word is a null
	value func(*Row) int
}

// codeColumns is the code columns that are the same whatever the rules.
var codeColumns = [...]codeColumn{
	{"subject_kind_code", subjectKinds[:], func(r *Row) int { return int(r.Subject.Kind) }},
	{"status_code", statuses[:], func(r *Row) int { return int(r.Rule.Status) }},
	{"act_state_code", elementStates[:], func(r *Row) int { return int(r.Act) }},
	{"means_state_code", elementStates[:], func(r *Row) int { return int(r.Means) }},
	{"purpose_state_code", elementStates[:], func(r *Row) int { return int(r.Purpose) }},
	{"child_at_act_code", childStates[:], func(r *Row) int { return int(r.ChildAtAct) }},
	{"child_at_act_basis_code", momentCodes[:], func(r *Row) int { return int(r.ChildAtActBasis) }},
	{"child_at_exploitation_code", childStates[:], func(r *Row) int { return int(r.ChildAtExploitation) }},
	{"child_at_exploitation_basis_code", momentCodes[:], func(r *Row) int { return int(r.ChildAtExploitationBasis) }},
	{"consent_effect_code", consentEffects[:], func(r *Row) int { return int(r.Consent) }},
	{"exploitation_occurred_code", answers[:], func(r *Row) int { return int(r.Exploitation) }},
	{"attempt_stated_code", answers[:], func(r *Row) int { return int(r.Attempt) }},
	{"border_code", borders[:], func(r *Row) int { return int(r.Border) }},
	{"smuggling_stated_code", answers[:], func(r *Row) int { return int(r.Smuggling) }},
	{"definition_in_force_code", answers[:], func(r *Row) int { return int(r.InForce) }},
}

// Builder gathers rows into a batch of table assessment, column by column: the same batch as
// Row.Columns through schemas.Rows, without a map a row. It is not safe for two goroutines.
// Release it when no more batches are wanted.
type Builder struct {
	mem    memory.Allocator
	fields []arrow.Field
	cols   []builderColumn // by field
	n      int64
}

// builderColumn appends one value of a row to its Arrow builder.
type builderColumn struct {
	array.Builder
	words  []string // the dictionary of a code column
	append func(*Row)
}

// NewBuilder is an empty batch of table assessment of s, for rows that Assess made under r. It is an
// error where the table or its code lists are not those that this package writes.
func NewBuilder(mem memory.Allocator, s *schemas.Schema, r *Rules) (*Builder, error) {
	table := s.Table("assessment")
	if table == nil {
		return nil, fmt.Errorf("the schema has no table assessment")
	}
	lists := map[string]*schemas.CodeList{}
	for _, c := range table.Columns() {
		lists[c.Name] = s.List(c.Codes)
	}
	b := &Builder{mem: mem, fields: table.BatchSchema().Fields()}
	for _, f := range b.fields {
		c, err := b.column(f, lists[f.Name], r)
		if err != nil {
			b.Release()
			return nil, fmt.Errorf("table assessment: column %s: %w", f.Name, err)
		}
		b.cols = append(b.cols, c)
	}
	return b, nil
}

func (b *Builder) column(f arrow.Field, list *schemas.CodeList, r *Rules) (builderColumn, error) {
	if list != nil {
		return b.codes(f.Name, list, r)
	}
	if f.Name == "subject_version" {
		n := array.NewInt64Builder(b.mem)
		return builderColumn{Builder: n, append: func(r *Row) { n.Append(r.Subject.Version) }}, nil
	}
	text := map[string]func(*Row) string{
		"subject_id":       func(r *Row) string { return r.Subject.ID },
		"missing_elements": func(r *Row) string { return r.Missing.String() },
		"rule":             func(r *Row) string { return r.Rule.Name },
		"article":          func(r *Row) string { return r.Rule.Article },
	}[f.Name]
	if text == nil {
		return builderColumn{}, fmt.Errorf("not a column that this package writes")
	}
	s := array.NewStringBuilder(b.mem)
	return builderColumn{Builder: s, append: func(r *Row) {
		if v := text(r); v != "" || !f.Nullable {
			s.Append(v)
			return
		}
		s.AppendNull()
	}}, nil
}

// codes is a code column: its dictionary is the whole list, and each value's place in it is looked
// up once.
func (b *Builder) codes(name string, list *schemas.CodeList, r *Rules) (builderColumn, error) {
	c := codeColumn{name: name}
	if name == "definition_code" {
		for _, d := range r.Definitions {
			c.words = append(c.words, d.Code)
		}
		c.value = func(r *Row) int { return r.Definition.place }
	}
	for _, known := range codeColumns {
		if known.name == name {
			c = known
		}
	}
	if c.value == nil {
		return builderColumn{}, fmt.Errorf("not a column that this package writes")
	}
	index := make([]int32, len(c.words))
	for i, w := range c.words {
		index[i] = int32(list.Index(w))
		if index[i] < 0 && w != "" {
			return builderColumn{}, fmt.Errorf("the list %s has no code %q", list.Name, w)
		}
	}
	n := array.NewInt32Builder(b.mem)
	out := builderColumn{Builder: n, append: func(r *Row) {
		if v := c.value(r); v < len(index) && index[v] >= 0 {
			n.Append(index[v])
			return
		}
		n.AppendNull()
	}}
	for _, e := range list.Codes {
		out.words = append(out.words, e.Code)
	}
	return out, nil
}

// Append adds the rows in their order.
func (b *Builder) Append(rows []Row) {
	for i := range rows {
		for _, c := range b.cols {
			c.append(&rows[i])
		}
	}
	b.n += int64(len(rows))
}

// Len is the number of rows gathered.
func (b *Builder) Len() int { return int(b.n) }

// Batch is the rows gathered, which the caller then owns, and empties b for the next ones. Its
// Origin is empty.
func (b *Builder) Batch() *schemas.Batch {
	columns := make([]arrow.Array, len(b.cols))
	for i, c := range b.cols {
		columns[i] = c.NewArray()
		if c.words != nil {
			columns[i] = dictionary(b.mem, columns[i], c.words)
		}
		defer columns[i].Release()
	}
	record := array.NewRecordBatch(arrow.NewSchema(b.fields, nil), columns, b.n)
	b.n = 0
	return &schemas.Batch{Table: "assessment", Record: record}
}

// dictionary is the code column with those indices, which it takes over.
func dictionary(mem memory.Allocator, indices arrow.Array, list []string) arrow.Array {
	defer indices.Release()
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.AppendValues(list, nil)
	words := b.NewArray()
	defer words.Release()
	return array.NewDictionaryArray(schemas.RawDictionary, indices, words)
}

// Release gives up what was gathered. It may be called more than once.
func (b *Builder) Release() {
	for _, c := range b.cols {
		c.Builder.Release()
	}
	b.cols = nil
}

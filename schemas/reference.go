package schemas

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Reference is the rows of the tables country, country_name, code, field, dictionary and figure, made from the
// declarations alone. The caller owns the batches. They have no Origin.
func (s *Schema) Reference(mem memory.Allocator) ([]*Batch, error) {
	var out []*Batch
	for _, part := range []struct {
		table string
		rows  func() ([]map[string]any, error)
	}{
		{"country", s.countryRows},
		{"country_name", s.nameRows},
		{"code", s.codeRows},
		{"field", s.fieldRows},
		{"dictionary", s.dictionaryRows},
		{"figure", s.figureRows},
	} {
		b, err := s.fill(mem, part.table, part.rows)
		if err != nil {
			for _, b := range out {
				b.Release()
			}
			return nil, fmt.Errorf("table %s: %w", part.table, err)
		}
		out = append(out, b)
	}
	return out, nil
}

func (s *Schema) fill(mem memory.Allocator, table string, make func() ([]map[string]any, error)) (*Batch, error) {
	t := s.Table(table)
	if t == nil {
		return nil, fmt.Errorf("not declared")
	}
	rows, err := make()
	if err != nil {
		return nil, err
	}
	r := NewRows(mem, t)
	for _, row := range rows {
		if err := r.Add(row); err != nil {
			r.Release()
			return nil, err
		}
	}
	return r.Batch(), nil
}

// text is the value of a text column: null where it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Schema) countryRows() ([]map[string]any, error) {
	var rows []map[string]any
	for _, c := range s.Countries {
		row := map[string]any{"country_code": c.Code, "alpha2": text(c.Alpha2), "numeric": text(c.Numeric), "kind": c.Kind,
			"label_en": c.Label, "region_code": text(c.RegionCode), "region": text(c.Region),
			"subregion_code": text(c.SubregionCode), "subregion": text(c.Subregion),
			"successor_codes": text(strings.Join(c.Successors, ";")), "part_of_code": text(c.PartOf), "note": text(c.Note)}
		if c.ValidFrom > 0 {
			row["valid_from"] = c.ValidFrom
		}
		if c.ValidTo > 0 {
			row["valid_to"] = c.ValidTo
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *Schema) nameRows() ([]map[string]any, error) {
	var rows []map[string]any
	for _, n := range s.Names {
		rows = append(rows, map[string]any{"country_code": n.Code, "lang": n.Lang, "name": n.Name, "kind": n.Kind})
	}
	return rows, nil
}

func (s *Schema) codeRows() ([]map[string]any, error) {
	var rows []map[string]any
	for _, l := range s.Lists {
		for i, e := range l.Codes {
			labels, err := otherLabels(e)
			if err != nil {
				return nil, err
			}
			rows = append(rows, map[string]any{"list": l.Name, "code": e.Code, "ordinal": i + 1, "parent_code": text(e.Parent),
				"label_en": e.Labels["en"], "labels": text(labels), "definition": text(e.Definition), "ref": text(e.Ref),
				"list_meaning": l.Meaning})
		}
	}
	return rows, nil
}

// otherLabels is the labels in other languages than English, as a JSON object in the order of the
// languages; empty for none.
func otherLabels(e CodeEntry) (string, error) {
	other := map[string]string{}
	for lang, label := range e.Labels {
		if lang != "en" {
			other[lang] = label
		}
	}
	if len(other) == 0 {
		return "", nil
	}
	b, err := json.Marshal(other)
	return string(b), err
}

func (s *Schema) fieldRows() ([]map[string]any, error) {
	var rows []map[string]any
	for _, t := range s.Tables {
		for i, c := range t.Columns() {
			rows = append(rows, map[string]any{"table_name": t.Name, "column_name": c.Name, "ordinal": i + 1,
				"field": text(c.Field), "type": string(c.Type), "list": text(c.Codes), "unit": text(c.Unit),
				"is_key": c.Key, "is_required": !c.Nullable, "class": string(c.Class), "coarsen": text(c.Coarsen),
				"zone": string(narrower(t.Zone, c.Class.Widest())), "meaning": c.Meaning, "ref_palermo": text(c.Ref.Palermo),
				"ref_htcds": text(c.Ref.HTCDS), "ref_ctdc": text(c.Ref.CTDC), "ref_sdmx": text(c.Ref.SDMX)})
		}
	}
	return rows, nil
}

func (s *Schema) figureRows() ([]map[string]any, error) {
	var rows []map[string]any
	for i := range s.Figures {
		f := &s.Figures[i]
		row := map[string]any{"figure_id": f.ID, "source_id": text(f.Source), "population": f.Population, "counted_unit": f.Counted,
			"period_stated": f.PeriodStated, "measure": f.Measure, "base": text(f.Base), "base_stated_code": text(f.BaseStated),
			"relation_code": f.Relation, "value_text": f.Text, "value_unit": f.Unit, "nature_code": f.Nature,
			"is_comparable": f.Comparable, "reason": text(f.Reason), "citation": f.Citation}
		for name, day := range map[string]time.Time{"period_from": f.From, "period_to": f.To} {
			if !day.IsZero() {
				row[name] = day
			}
		}
		for name, x := range map[string]*float64{"value_low": f.Low, "value_high": f.High} {
			if x != nil {
				row[name] = *x
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

package schemas

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes one table, view or code list, or where name is empty the list of all tables
// and views, for a terminal. It is an error where nothing has the name.
func WriteText(w io.Writer, s *Schema, name string) error {
	if name == "" {
		return writeIndex(w, s)
	}
	if t := s.Table(name); t != nil {
		return writeTable(w, t)
	}
	if v := s.View(name); v != nil {
		return writeView(w, s, v)
	}
	return fmt.Errorf("no table or view %q", name)
}

// WriteList writes one code list for a terminal.
func WriteList(w io.Writer, l *CodeList) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %s\n\n", l.Name, l.Meaning)
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, e := range l.Codes {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", e.Code, e.Parent, e.Labels["en"])
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

func writeIndex(w io.Writer, s *Schema) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range s.Tables {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", t.Name, t.Group, t.Zone, t.Title)
	}
	for _, v := range s.Views {
		fmt.Fprintf(tab, "%s\tview\t\t%s\n", v.Name, v.Title)
	}
	return tab.Flush()
}

func writeTable(w io.Writer, t *Table) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %s\n%s\nGroup %s, widest zone %s.\n\n", t.Name, t.Title, t.Meaning, t.Group, t.Zone)
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range t.Columns() {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", c.Name, c.kind(), c.need(), c.Class, c.Meaning)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

func writeView(w io.Writer, s *Schema, v *View) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %s\n%s\n\n", v.Name, v.Title, v.Meaning)
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range v.Columns {
		fmt.Fprintf(tab, "%s\t%s\n", c.Name, s.MeaningOf(c))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

// kind is the column's type with its code list or unit.
func (c Column) kind() string {
	switch {
	case c.Codes != "":
		return "code " + c.Codes
	case c.Unit != "":
		return string(c.Type) + ", " + c.Unit
	}
	return string(c.Type)
}

func (c Column) need() string {
	switch {
	case c.Key:
		return "key"
	case !c.Nullable:
		return "required"
	}
	return ""
}

// WriteMarkdown writes the data dictionary: every table, view and code list.
func WriteMarkdown(w io.Writer, s *Schema) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# Data dictionary\n\nSchema version %s. Made from the declarations in `schemas/`: change those, not this page.\n", s.Version)
	for _, t := range s.Tables {
		markdownTable(out, t)
	}
	for _, v := range s.Views {
		markdownView(out, s, v)
	}
	for _, l := range s.Lists {
		markdownList(out, l)
	}
	return out.Flush()
}

func markdownTable(w io.Writer, t *Table) {
	fmt.Fprintf(w, "\n## Table `%s`: %s\n\n%s Group %s, widest zone %s.\n\n", t.Name, t.Title, t.Meaning, t.Group, t.Zone)
	fmt.Fprint(w, "| column | type | | class | meaning | reference |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, c := range t.Columns() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s | %s |\n", c.Name, c.kind(), c.need(), c.care(), cell(c.Meaning), cell(c.Ref.String()))
	}
}

// care is the column's class, and how it is made coarser for a wider zone.
func (c Column) care() string {
	if c.Coarsen == "" {
		return string(c.Class)
	}
	return fmt.Sprintf("%s: %s", c.Class, c.Coarsen)
}

func markdownView(w io.Writer, s *Schema, v *View) {
	fmt.Fprintf(w, "\n## View `%s`: %s\n\n%s\n\n| column | meaning |\n| --- | --- |\n", v.Name, v.Title, strings.TrimSpace(v.Meaning))
	for _, c := range v.Columns {
		fmt.Fprintf(w, "| `%s` | %s |\n", c.Name, cell(s.MeaningOf(c)))
	}
}

// markdownList leaves the codes of countries to their table: they are many.
func markdownList(w io.Writer, l *CodeList) {
	fmt.Fprintf(w, "\n## Code list `%s`\n\n%s.\n", l.Name, l.Meaning)
	if l.Name == countryList {
		fmt.Fprintf(w, "\n%d codes: see the tables `country` and `country_name`.\n", len(l.Codes))
		return
	}
	fmt.Fprint(w, "\n| code | kind of | label | definition | reference |\n| --- | --- | --- | --- | --- |\n")
	for _, e := range l.Codes {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", e.Code, e.Parent, cell(e.Labels["en"]), cell(e.Definition), cell(e.Ref))
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// WriteTableMarkdown writes one table or view as Markdown. It is an error where nothing has the
// name.
func WriteTableMarkdown(w io.Writer, s *Schema, name string) error {
	out := bufio.NewWriter(w)
	if t := s.Table(name); t != nil {
		markdownTable(out, t)
		return out.Flush()
	}
	if v := s.View(name); v != nil {
		markdownView(out, s, v)
		return out.Flush()
	}
	return fmt.Errorf("no table or view %q", name)
}

// WriteListMarkdown writes one code list as Markdown.
func WriteListMarkdown(w io.Writer, l *CodeList) error {
	out := bufio.NewWriter(w)
	markdownList(out, l)
	return out.Flush()
}

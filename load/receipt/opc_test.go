package receipt

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checkPackage is a strict reading of a workbook's package: what makes a spreadsheet program offer
// to repair a file is a finding.
func checkPackage(t *testing.T, b []byte) {
	t.Helper()
	for _, what := range packageFaults(b) {
		t.Errorf("the package: %s", what)
	}
}

func packageFaults(b []byte) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return []string{err.Error()}
	}
	parts := map[string][]byte{}
	for _, f := range z.File {
		if _, twice := parts[strings.ToLower(f.Name)]; twice {
			fault("%s is there twice", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			fault("%s: %v", f.Name, err)
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			fault("%s: %v", f.Name, err)
		}
		parts[strings.ToLower(f.Name)] = content
		if ext := path.Ext(f.Name); ext == ".xml" || ext == ".rels" || ext == ".vml" {
			if err := wellFormed(content); err != nil {
				fault("%s: %v", f.Name, err)
			}
		}
	}
	types := contentTypes(parts, fault)
	for name := range parts {
		if name != "[content_types].xml" && types(name) == "" {
			fault("%s has no content type", name)
		}
	}
	wanted := map[string]string{"worksheet": "worksheet+xml", "comments": "comments+xml", "styles": "styles+xml", "vmlDrawing": "vmlDrawing", "officeDocument": "main+xml"}
	for name := range parts {
		if !strings.HasSuffix(name, ".rels") {
			continue
		}
		from := strings.TrimSuffix(strings.Replace(name, "_rels/", "", 1), ".rels")
		if _, ok := parts[from]; !ok && from != "" {
			fault("%s is of a part that is not there", name)
		}
		ids := map[string]bool{}
		for _, r := range relationsIn(parts[name]) {
			if ids[r.ID] {
				fault("%s has %s twice", name, r.ID)
			}
			ids[r.ID] = true
			if r.Mode == "External" {
				continue
			}
			to := strings.TrimPrefix(r.Target, "/")
			if !strings.HasPrefix(r.Target, "/") {
				to = path.Join(path.Dir(from), r.Target)
			}
			if _, ok := parts[strings.ToLower(to)]; !ok {
				fault("%s leads to %s, which is not there", name, to)
			}
			if want := wanted[path.Base(r.Type)]; want != "" && !strings.HasSuffix(types(strings.ToLower(to)), want) {
				fault("%s is %s, and a relation says %s", to, types(strings.ToLower(to)), want)
			}
		}
	}
	checkWorkbook(parts, fault)
	for name, content := range parts {
		if strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") {
			checkSheet(name, content, parts, fault)
		}
		if strings.HasPrefix(name, "xl/comments") {
			checkComments(name, content, fault)
		}
	}
	return faults
}

func wellFormed(content []byte) error {
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := tok.(xml.StartElement); ok {
			seen := map[xml.Name]bool{}
			for _, a := range s.Attr {
				if seen[a.Name] {
					return fmt.Errorf("<%s> has %s twice", s.Name.Local, a.Name.Local)
				}
				seen[a.Name] = true
			}
		}
	}
}

func contentTypes(parts map[string][]byte, fault func(string, ...any)) func(string) string {
	var doc struct {
		Default []struct {
			Extension, ContentType string `xml:",attr"`
		}
		Override []struct {
			PartName, ContentType string `xml:",attr"`
		}
	}
	if err := xml.Unmarshal(parts["[content_types].xml"], &doc); err != nil {
		fault("the content types: %v", err)
	}
	byName, byExt := map[string]string{}, map[string]string{}
	for _, o := range doc.Override {
		name := strings.ToLower(strings.TrimPrefix(o.PartName, "/"))
		if byName[name] != "" {
			fault("two content types for %s", name)
		}
		if _, ok := parts[name]; !ok {
			fault("a content type for %s, which is not there", name)
		}
		byName[name] = o.ContentType
	}
	for _, d := range doc.Default {
		ext := strings.ToLower(d.Extension)
		if byExt[ext] != "" {
			fault("two content types for .%s", ext)
		}
		byExt[ext] = d.ContentType
	}
	return func(name string) string {
		if t := byName[name]; t != "" {
			return t
		}
		return byExt[strings.TrimPrefix(path.Ext(name), ".")]
	}
}

func relationsIn(content []byte) []relation {
	var doc struct {
		All []relation `xml:"Relationship"`
	}
	_ = xml.Unmarshal(content, &doc)
	return doc.All
}

type workbookDoc struct {
	Views []struct {
		Active int `xml:"activeTab,attr"`
	} `xml:"bookViews>workbookView"`
	Sheets []struct {
		Name string `xml:"name,attr"`
		ID   string `xml:"sheetId,attr"`
		Rel  string `xml:"id,attr"`
	} `xml:"sheets>sheet"`
	Names []struct {
		Name  string `xml:"name,attr"`
		Local string `xml:"localSheetId,attr"`
		Ref   string `xml:",chardata"`
	} `xml:"definedNames>definedName"`
}

func checkWorkbook(parts map[string][]byte, fault func(string, ...any)) {
	var w workbookDoc
	if err := xml.Unmarshal(parts["xl/workbook.xml"], &w); err != nil {
		fault("the workbook: %v", err)
		return
	}
	names, ids, rels := map[string]bool{}, map[string]bool{}, map[string]bool{}
	known := relationsIn(parts["xl/_rels/workbook.xml.rels"])
	for _, s := range w.Sheets {
		if n := strings.ToLower(s.Name); names[n] || len([]rune(s.Name)) > 31 || strings.ContainsAny(s.Name, `[]:*?/\`) {
			fault("the sheet name %q", s.Name)
		} else {
			names[n] = true
		}
		if ids[s.ID] || rels[s.Rel] {
			fault("the sheet %q shares its id", s.Name)
		}
		ids[s.ID], rels[s.Rel] = true, true
		if !slices.ContainsFunc(known, func(r relation) bool { return r.ID == s.Rel }) {
			fault("the sheet %q has the relation %q", s.Name, s.Rel)
		}
	}
	seen := map[string]bool{}
	for _, n := range w.Names {
		if seen[strings.ToLower(n.Name)+"/"+n.Local] {
			fault("the name %s is there twice", n.Name)
		}
		seen[strings.ToLower(n.Name)+"/"+n.Local] = true
		if k, err := strconv.Atoi(n.Local); n.Local != "" && (err != nil || k >= len(w.Sheets)) {
			fault("the name %s is of sheet %s", n.Name, n.Local)
		}
	}
	checkOrder("xl/workbook.xml", parts["xl/workbook.xml"], workbookOrder, fault)
	chosen := 0
	for name, content := range parts {
		if strings.HasPrefix(name, "xl/worksheets/") && bytes.Contains(content, []byte(`tabSelected="1"`)) {
			chosen++
		}
	}
	if chosen > 1 {
		fault("%d sheets are selected", chosen)
	}
	checkStyles(parts["xl/styles.xml"], fault)
}

var workbookOrder = strings.Fields("fileVersion fileSharing workbookPr AlternateContent revisionPtr workbookProtection bookViews sheets functionGroups externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing fileRecoveryPr webPublishObjects extLst")

var sheetOrder = strings.Fields("sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF picture oleObjects controls webPublishItems tableParts extLst")

// checkOrder holds the children of the root to the order that the format's schema has.
func checkOrder(name string, content []byte, order []string, fault func(string, ...any)) {
	d, depth, last := xml.NewDecoder(bytes.NewReader(content)), 0, 0
	for {
		tok, err := d.Token()
		if err != nil {
			return
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				at := slices.Index(order, e.Name.Local)
				switch {
				case at < 0:
					fault("%s: <%s> is not known", name, e.Name.Local)
				case at < last:
					fault("%s: <%s> stands behind <%s>", name, e.Name.Local, order[last])
				default:
					last = at
				}
			}
		case xml.EndElement:
			depth--
		}
	}
}

var styleCounts = regexp.MustCompile(`<(fonts|fills|borders|cellXfs) count="(\d+)"`)

func checkStyles(content []byte, fault func(string, ...any)) {
	var s struct {
		Fonts []struct{}                     `xml:"fonts>font"`
		Fills []struct{}                     `xml:"fills>fill"`
		Xfs   []struct{ FillID, FontID int } `xml:"-"`
		Raw   []struct {
			Fill int `xml:"fillId,attr"`
			Font int `xml:"fontId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := xml.Unmarshal(content, &s); err != nil {
		fault("the styles: %v", err)
	}
	for i, x := range s.Raw {
		if x.Fill >= len(s.Fills) || x.Font >= len(s.Fonts) {
			fault("style %d has fill %d of %d, font %d of %d", i, x.Fill, len(s.Fills), x.Font, len(s.Fonts))
		}
	}
	for _, m := range styleCounts.FindAllSubmatch(content, -1) {
		want := map[string]int{"fonts": len(s.Fonts), "fills": len(s.Fills), "cellXfs": len(s.Raw)}[string(m[1])]
		if n, _ := strconv.Atoi(string(m[2])); want > 0 && n != want {
			fault("the styles say that there are %d %s, and there are %d", n, m[1], want)
		}
	}
}

type sheetDoc struct {
	Rows []struct {
		R     int `xml:"r,attr"`
		Cells []struct {
			R string  `xml:"r,attr"`
			S int     `xml:"s,attr"`
			T string  `xml:"t,attr"`
			F *string `xml:"f"`
			V string  `xml:"v"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
	Links []struct {
		Ref      string `xml:"ref,attr"`
		Location string `xml:"location,attr"`
	} `xml:"hyperlinks>hyperlink"`
	Legacy []struct {
		ID string `xml:"id,attr"`
	} `xml:"legacyDrawing"`
}

func checkSheet(name string, content []byte, parts map[string][]byte, fault func(string, ...any)) {
	checkOrder(name, content, sheetOrder, fault)
	var s sheetDoc
	if err := xml.Unmarshal(content, &s); err != nil {
		fault("%s: %v", name, err)
		return
	}
	var styles struct {
		Xfs []struct{} `xml:"cellXfs>xf"`
	}
	_ = xml.Unmarshal(parts["xl/styles.xml"], &styles)
	row := 0
	for _, r := range s.Rows {
		if r.R > 0 && r.R <= row {
			fault("%s: row %d follows row %d", name, r.R, row)
		}
		row = max(r.R, row+1)
		last := 0
		for _, c := range r.Cells {
			if c.S >= len(styles.Xfs) {
				fault("%s!%s has style %d of %d", name, c.R, c.S, len(styles.Xfs))
			}
			if c.R == "" {
				continue
			}
			at, col, ok := parseCell(c.R)
			if !ok || at != row || col <= last {
				fault("%s: cell %s in row %d behind column %d", name, c.R, row, last)
			}
			last = col
		}
	}
	rels := relationsIn(parts["xl/worksheets/_rels/"+path.Base(name)+".rels"])
	comments := slices.ContainsFunc(rels, func(r relation) bool { return r.is("comments") })
	if comments && len(s.Legacy) != 1 {
		fault("%s has comments and %d drawings of them", name, len(s.Legacy))
	}
	for _, l := range s.Legacy {
		if !slices.ContainsFunc(rels, func(r relation) bool { return r.ID == l.ID && r.is("vmlDrawing") }) {
			fault("%s names the drawing %q", name, l.ID)
		}
	}
}

func checkComments(name string, content []byte, fault func(string, ...any)) {
	var c struct {
		Authors []string `xml:"authors>author"`
		All     []struct {
			Ref    string `xml:"ref,attr"`
			Author int    `xml:"authorId,attr"`
		} `xml:"commentList>comment"`
	}
	if err := xml.Unmarshal(content, &c); err != nil {
		fault("%s: %v", name, err)
	}
	seen := map[string]bool{}
	for _, k := range c.All {
		if seen[k.Ref] || k.Author >= len(c.Authors) {
			fault("%s: the comment of %s, by author %d", name, k.Ref, k.Author)
		}
		seen[k.Ref] = true
	}
}

package extract

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"palermo/diag"
)

// container is a workbook's zip file, checked to its end, with the parts that say where its
// sheets are.
type container struct {
	parts    map[string]*zip.File
	sheets   []sheetPart
	base1904 bool
	strings  *stringTable
}

// sheetPart is one worksheet as the workbook lists it.
type sheetPart struct {
	name   string
	hidden bool
	part   *zip.File
}

const maxParts = 10_000

// openContainer reads the directory of the zip file and all its parts once, so that sizes are
// those of the actual bytes and a damaged part is found before anything of it is used.
func (f *File) openContainer() (*container, error) {
	zr, err := zip.NewReader(f.f, f.size)
	if err != nil {
		return nil, fault(err, diag.FileDamaged, f.pos(), "the container cannot be read")
	}
	c := &container{parts: map[string]*zip.File{}}
	for _, z := range zr.File {
		c.parts[strings.ReplaceAll(z.Name, `\`, "/")] = z
	}
	if why := c.refuse(); why != "" {
		return nil, fault(nil, diag.FileFormat, f.pos(), "%s", why)
	}
	if err := c.inflate(f); err != nil {
		return nil, err
	}
	if err := c.workbook(); err != nil {
		return nil, fault(err, diag.FileDamaged, f.pos(), "the workbook's list of sheets cannot be read")
	}
	if len(c.sheets) == 0 {
		return nil, fault(nil, diag.FileEmpty, f.pos(), "the workbook has no sheet with cells")
	}
	return c, nil
}

// refuse says what the container holds when it is no workbook that is read.
func (c *container) refuse() string {
	has := func(name string) bool {
		for n := range c.parts {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	switch {
	case has("xl/workbook.xml"):
		return ""
	case has("xl/workbook.bin"):
		return "this is a binary .xlsb workbook"
	case has("word/document.xml"), has("ppt/presentation.xml"):
		return "this is an Office document, but no workbook"
	}
	return "this is an Office file in which no workbook is found"
}

// inflate reads every part to its end, within the limits.
func (c *container) inflate(f *File) error {
	total, held := f.o.MaxUnzipBytes, f.o.MaxPartBytes
	for _, name := range slices.Sorted(maps.Keys(c.parts)) { // of two faults the same one is reported each time
		z := c.parts[name]
		n, err := copyPart(io.Discard, z, total)
		if err != nil {
			return f.partFault(err, f.pos())
		}
		total -= n
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "xl/worksheets/sheet") && lower != "xl/sharedstrings.xml" {
			held -= n
		}
		if total < 0 || held < 0 {
			return fault(nil, diag.FileTooLarge, f.pos(), "unpacked, the workbook is over the limit")
		}
		if lower != "xl/sharedstrings.xml" {
			continue
		}
		if err := c.readStrings(z); err != nil {
			return fault(err, diag.FileDamaged, f.pos(), "the workbook's shared strings cannot be read")
		}
	}
	return nil
}

func (c *container) readStrings(z *zip.File) error {
	r, err := z.Open()
	if err != nil {
		return err
	}
	c.strings, err = readStringTable(r)
	return errors.Join(err, r.Close())
}

type relsXML struct {
	Rel []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

type workbookXML struct {
	Pr struct {
		Date1904 string `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name  string `xml:"name,attr"`
		State string `xml:"state,attr"`
		ID    string `xml:"id,attr"`
	} `xml:"sheets>sheet"`
}

const workbookPath = "xl/workbook.xml"

// workbook reads which worksheets there are, in the workbook's order. A chart sheet is none.
func (c *container) workbook() error {
	var wb workbookXML
	var rels relsXML
	if err := c.decode(workbookPath, &wb); err != nil {
		return err
	}
	if err := c.decode("xl/_rels/workbook.xml.rels", &rels); err != nil {
		return err
	}
	c.base1904 = wb.Pr.Date1904 == "1" || strings.EqualFold(wb.Pr.Date1904, "true")
	names := map[string]bool{}
	for _, s := range wb.Sheets {
		if key := strings.ToLower(s.Name); names[key] {
			return errors.New("two sheets have one name")
		} else {
			names[key] = true
		}
		target, worksheet := rels.target(s.ID)
		if !worksheet {
			continue
		}
		z := c.parts[target]
		if z == nil {
			return errors.New("a sheet is listed but not there")
		}
		c.sheets = append(c.sheets, sheetPart{name: s.Name, hidden: s.State != "" && s.State != "visible", part: z})
	}
	return nil
}

// target is the part that a relation of the workbook leads to, and whether it is a worksheet.
func (r *relsXML) target(id string) (string, bool) {
	for _, rel := range r.Rel {
		if rel.ID != id || !strings.HasSuffix(rel.Type, "/worksheet") {
			continue
		}
		if abs, ok := strings.CutPrefix(rel.Target, "/"); ok {
			return abs, true
		}
		return path.Join(path.Dir(workbookPath), rel.Target), true
	}
	return "", false
}

func (c *container) decode(name string, v any) error {
	z := c.parts[name]
	if z == nil {
		return errors.New("no part " + name)
	}
	r, err := z.Open()
	if err != nil {
		return err
	}
	return errors.Join(xml.NewDecoder(r).Decode(v), r.Close())
}

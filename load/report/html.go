package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

var pageHTML = template.Must(template.New("report").Parse(pageTemplate))

// WriteHTML writes the report as one page in the language: no script, and nothing that is fetched from elsewhere, which its
// content security policy also forbids.
func WriteHTML(w io.Writer, in *Input, language string, labels Labels) error {
	p, err := NewPage(in, language, labels)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(pageStyle))
	err = pageHTML.Execute(w, struct {
		*Page
		Style  template.CSS
		Policy string
	}{p, template.CSS(pageStyle), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

package receipt

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkNoFormula looks at every part that we write cells into.
func checkNoFormula(t *testing.T, name string, book []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	quoted := quotedStyles(t, part(t, book, "xl/styles.xml"))
	for _, f := range z.File {
		ours := strings.Contains(f.Name, "palermo") || name == "text"
		if !strings.HasPrefix(f.Name, "xl/worksheets/") || !strings.HasSuffix(f.Name, ".xml") || !ours {
			continue
		}
		var s struct {
			Cells []struct {
				R    string  `xml:"r,attr"`
				S    int     `xml:"s,attr"`
				T    string  `xml:"t,attr"`
				F    *string `xml:"f"`
				Text string  `xml:"is>t"`
			} `xml:"sheetData>row>c"`
			Links []struct {
				Location string `xml:"location,attr"`
				Rel      string `xml:"id,attr"`
			} `xml:"hyperlinks>hyperlink"`
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		if len(s.Cells) == 0 {
			t.Errorf("%s: %s has no cells", name, f.Name)
		}
		for _, c := range s.Cells {
			switch {
			case c.F != nil:
				t.Errorf("%s: %s!%s has a formula", name, f.Name, c.R)
			case c.T != "inlineStr" && c.T != "":
				t.Errorf("%s: %s!%s is of type %q", name, f.Name, c.R, c.T)
			case c.Text != "" && strings.Contains("=+-@\t\r", c.Text[:1]) && !quoted[c.S]:
				t.Errorf("%s: %s!%s begins as a formula, and is not marked", name, f.Name, c.R)
			}
		}
		for _, l := range s.Links {
			if l.Rel != "" || !strings.HasPrefix(l.Location, "'") {
				t.Errorf("%s: %s has a link to %q", name, f.Name, l.Location)
			}
		}
	}
}

func quotedStyles(t *testing.T, styles string) map[int]bool {
	t.Helper()
	var s struct {
		Xfs []struct {
			Quote string `xml:"quotePrefix,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := xml.Unmarshal([]byte(styles), &s); err != nil {
		t.Fatal(err)
	}
	out := map[int]bool{}
	for i, x := range s.Xfs {
		out[i] = x.Quote == "1"
	}
	return out
}

// allowed is the elements of a page, and its attributes. All else is a way in.
var (
	allowedTags = set("html head meta title style body main h1 h2 p strong br dl dt dd bdi table thead tbody tr th td ul li")
	allowedAttr = set("lang dir charset http-equiv content name class id scope data-label")
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

var policy = regexp.MustCompile(`^default-src 'none'; style-src 'sha256-([A-Za-z0-9+/=]+)'; base-uri 'none'; form-action 'none'$`)

// checkPage parses the page as a browser does.
func checkPage(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	style, hash := "", ""
	inStyle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			sum := sha256.Sum256([]byte(style))
			if got := base64.StdEncoding.EncodeToString(sum[:]); got != hash || style == "" {
				t.Errorf("the policy allows the style %s, and the page has %s", hash, got)
			}
			if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
				t.Error("the style fetches something")
			}
			return
		case html.TextToken:
			if inStyle {
				style += string(z.Raw())
			}
		case html.CommentToken:
			t.Error("the page has a comment")
		case html.EndTagToken:
			inStyle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			inStyle = tok.Data == "style"
			if !allowedTags[tok.Data] {
				t.Errorf("the page has a <%s>", tok.Data)
			}
			for _, a := range tok.Attr {
				if !allowedAttr[a.Key] {
					t.Errorf("the page has <%s %s>", tok.Data, a.Key)
				}
				if m := policy.FindStringSubmatch(a.Val); m != nil && a.Key == "content" {
					hash = m[1]
				}
				if a.Key == "http-equiv" && a.Val != "Content-Security-Policy" {
					t.Errorf("the page says %q", a.Val)
				}
			}
		}
	}
}

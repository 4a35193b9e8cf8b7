package name

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestJaroWinkler(t *testing.T) {
	long := strings.Repeat("abcdefgh", 9)
	tests := []struct {
		a, b string
		want float64
	}{
		{"", "", 0}, {"", "a", 0}, {"a", "a", 1}, {"a", "b", 0},
		{"martha", "marhta", 0.961111}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.813333},
		{"jellyfish", "smellyfish", 0.896296},
		{"ivanov", "ivanova", 0.971429},
		{"abcd", "dcba", 0.5},        // under the bound for the prefix
		{"ab", "ba", 0},              // no partner within reach
		{long, long, 1},              // over 64 bytes
		{long, long + "x", 0.997260}, // (1 + 72/73 + 1)/3, raised
		{"x" + long, "y" + long, 0.990868},
	}
	for _, tt := range tests {
		for _, p := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := JaroWinkler(p[0], p[1]); math.Abs(got-tt.want) > 1e-6 {
				t.Errorf("JaroWinkler(%q, %q) = %f, want %f", p[0], p[1], got, tt.want)
			}
		}
	}
}

// words is random words over few letters, so that many agree in part.
func words(n, longest int) []string {
	r := rand.New(rand.NewPCG(5, uint64(longest)))
	out := make([]string, n)
	for i := range out {
		b := make([]byte, 1+r.IntN(longest))
		for j := range b {
			b[j] = "abcdS1"[r.IntN(6)]
		}
		out[i] = string(b)
	}
	return out
}

// TestJaroByDefinition holds the bit masks against the definition, across the bounds of the forms.
func TestJaroByDefinition(t *testing.T) {
	for _, longest := range []int{8, 20, 64, 90} {
		w := words(400, longest)
		for i := 1; i < len(w); i++ {
			a, b := w[i-1], w[i]
			if len(a) > len(b) {
				a, b = b, a
			}
			if a == b {
				continue
			}
			want := longJaro(a, b)
			if want > 0.7 {
				for k := 0; k < 4 && k < len(a) && a[k] == b[k]; k++ {
					want += 0.1 * (1 - longJaro(a, b))
				}
			}
			if got := JaroWinkler(a, b); math.Abs(got-want) > 1e-12 || got != JaroWinkler(b, a) {
				t.Fatalf("JaroWinkler(%q, %q) = %v, want %v", a, b, got, want)
			}
		}
	}
}

func TestOneEdit(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "a", true}, {"", "ab", false}, {"a", "b", true}, {"ab", "ba", true},
		{"ana", "anna", true}, {"ana", "nana", true}, {"ana", "anab", true}, {"ana", "ann", true},
		{"abc", "cba", false}, {"abcd", "badc", false}, {"abc", "acbd", false}, {"ab", "cd", false},
	} {
		if got := OneEdit(tt.a, tt.b); got != tt.want || OneEdit(tt.b, tt.a) != got {
			t.Errorf("OneEdit(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestEditsByDefinition holds OneEdit and Levenshtein against the whole matrix.
func TestEditsByDefinition(t *testing.T) {
	for _, longest := range []int{3, 6, 12, 80} {
		w := words(400, longest)
		for i := 1; i < len(w); i++ {
			a, b := w[i-1], w[i]
			plain, swaps := matrix(a, b)
			if got := OneEdit(a, b); got != (swaps <= 1) {
				t.Fatalf("OneEdit(%q, %q) = %v, distance %d", a, b, got, swaps)
			}
			for _, most := range []int{0, 1, 2, 5, 100} {
				if got, want := Levenshtein(a, b, most), min(plain, most+1); got != want {
					t.Fatalf("Levenshtein(%q, %q, %d) = %d, want %d", a, b, most, got, want)
				}
			}
		}
	}
}

// matrix is the distance of a and b without and with neighbours changing places.
func matrix(a, b string) (plain, swaps int) {
	p, s := make([][]int, len(a)+1), make([][]int, len(a)+1)
	for i := range p {
		p[i], s[i] = make([]int, len(b)+1), make([]int, len(b)+1)
		for j := range p[i] {
			if i == 0 || j == 0 {
				p[i][j], s[i][j] = i+j, i+j
				continue
			}
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			p[i][j] = min(p[i-1][j]+1, p[i][j-1]+1, p[i-1][j-1]+cost)
			s[i][j] = min(s[i-1][j]+1, s[i][j-1]+1, s[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				s[i][j] = min(s[i][j], s[i-2][j-2]+1)
			}
		}
	}
	return p[len(a)][len(b)], s[len(a)][len(b)]
}

func TestAlign(t *testing.T) {
	tests := []struct {
		what, a, b  string
		least, mean float64
	}{
		{"nothing", "", "Ana", 0, 0},
		{"order does not matter", "Petrova Ana", "Ana Petrova", 1, 1},
		{"patronymic left out", "Канду, Андриан Ильич", "Andrian Candu", 1, 1},
		{"each token of its own rendering", "Георги Божинов", "Georgi Bojinov", 1, 1},
		{"a token pairs once, sounded as mara", "Ana Ana", "Ana Maria", 0.722222, 0.861111},
		{"one token", "Ana", "Ana Maria", 1, 1},
		{"more tokens than fit", strings.Repeat("a b ", 6), strings.Repeat("b a ", 6), 1, 1},
	}
	for _, tt := range tests {
		a, b := Parse(tt.a), Parse(tt.b)
		least, mean := Align(a, b)
		if math.Abs(least-tt.least) > 1e-6 || math.Abs(mean-tt.mean) > 1e-6 {
			t.Errorf("%s: Align(%q, %q) = %f, %f, want %f, %f", tt.what, tt.a, tt.b, least, mean, tt.least, tt.mean)
		}
	}
}

// TestAlignEitherWay holds Align to giving the same for both orders of the names.
func TestAlignEitherWay(t *testing.T) {
	w := words(900, 6)
	for i := 0; i+6 <= len(w); i += 3 {
		a, b := Parse(strings.Join(w[i:i+3], " ")), Parse(strings.Join(w[i+3:i+6], " "))
		l1, m1 := Align(a, b)
		l2, m2 := Align(b, a)
		if l1 != l2 || m1 != m2 {
			t.Fatalf("Align(%v, %v) = %v, %v; the other way %v, %v", a.Tokens, b.Tokens, l1, m1, l2, m2)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	a, b := Parse("Канду, Андриан Ильич"), Parse("Andrian Candu Ilici")
	long := strings.Repeat("abcdefgh", 8)
	for what, f := range map[string]func(){
		"JaroWinkler": func() { JaroWinkler("dzhordzhevich", "djordjevic"); JaroWinkler(long, long[1:]) },
		"OneEdit":     func() { _ = OneEdit("petrova", "petorva") },
		"Align":       func() { Align(a, b) },
		"Levenshtein": func() { Levenshtein("dzhordzhevich", "djordjevic", 3) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"Andrian Candu", "Đorđe Ćosić", "Канду, Андриан Ильич"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(s)
			}
		})
	}
}

func BenchmarkJaroWinkler(b *testing.B) {
	for _, p := range [][2]string{{"petrova", "petrovna"}, {"hristo", "kovalenko"}, {"kovalenko", "kovalchuk"}, {"dzhordzhevich", "djordjevic"}} {
		b.Run(fmt.Sprint(p[0], "-", p[1]), func(b *testing.B) {
			for b.Loop() {
				JaroWinkler(p[0], p[1])
			}
		})
	}
}

func BenchmarkAlign(b *testing.B) {
	for _, p := range [][2]string{{"Andrian Candu", "Candu Andrian"}, {"Adrian Kandov", "Marina Petrova"}, {"Канду, Андриан Ильич", "Andrian Candu"}, {"Георги Тодоров Божинов", "George Todorov Bojinov"}} {
		x, y := Parse(p[0]), Parse(p[1])
		b.Run(fmt.Sprint(p[0], "-", p[1]), func(b *testing.B) {
			for b.Loop() {
				Align(x, y)
			}
		})
	}
}

func BenchmarkOneEdit(b *testing.B) {
	for b.Loop() {
		OneEdit("petrova", "petorva")
	}
}

func BenchmarkLevenshtein(b *testing.B) {
	for b.Loop() {
		Levenshtein("kovalenko", "kovalchuk", 3)
	}
}

package name

// fewTokens is up to how many tokens Align works without allocating.
const fewTokens = 8

// Align pairs each token of the name with fewer tokens with a token of the other, the most alike
// first, and gives the least and the mean likeness of the pairs. Two tokens are as alike as the
// better of their renderings, spelled or sounded. An empty Text gives 0, 0. Align(a, b) is Align(b, a).
func Align(a, b Text) (least, mean float64) {
	if len(a.Tokens) > len(b.Tokens) {
		a, b = b, a
	}
	n, m := len(a.Tokens), len(b.Tokens)
	if n == 0 {
		return 0, 0
	}
	var few [fewTokens * fewTokens]float64
	likeness := few[:]
	if n*m > len(few) {
		likeness = make([]float64, n*m)
	}
	for i := range n {
		for j := range m {
			likeness[i*m+j] = alike(&a, i, &b, j)
		}
	}
	return pair(likeness[:n*m], n, m)
}

// pair takes n pairs out of the n × m likenesses, the best first, and spends them.
func pair(likeness []float64, n, m int) (least, mean float64) {
	least = 1
	for range n {
		best := 0
		for k, s := range likeness {
			if s > likeness[best] {
				best = k
			}
		}
		s := likeness[best]
		least = min(least, s)
		mean += s
		for j := range m {
			likeness[best/m*m+j] = -1
		}
		for i := range n {
			likeness[i*m+best%m] = -1
		}
	}
	return least, mean / float64(n)
}

// alike is the likeness of token i of a and token j of b.
func alike(a *Text, i int, b *Text, j int) float64 {
	s := either(a.Tokens, a.Alt, i, b.Tokens, b.Alt, j)
	if s == 1 {
		return 1
	}
	return max(s, either(a.Skeleton, a.AltSkeleton, i, b.Skeleton, b.AltSkeleton, j))
}

// either is the likeness in the better of the renderings.
func either(a, altA []string, i int, b, altB []string, j int) float64 {
	s := JaroWinkler(a[i], b[j])
	if altA != nil {
		s = max(s, JaroWinkler(altA[i], b[j]))
	}
	if altB != nil {
		s = max(s, JaroWinkler(a[i], altB[j]))
	}
	if altA != nil && altB != nil {
		s = max(s, JaroWinkler(altA[i], altB[j]))
	}
	return s
}

package sheet

import "bytes"

const errAttr xmlError = "an attribute has no value"

// attr is the next attribute of those that are left: its name with its prefix, and its value. The
// name is nil after the last.
func attr(left []byte) (name, value, rest []byte, err error) {
	from := pastSpace(left, 0)
	if from == len(left) {
		return nil, nil, nil, nil
	}
	i := from
	for i < len(left) && left[i] != '=' && !isSpace(left[i]) {
		if left[i] == '"' || left[i] == '\'' {
			return nil, nil, nil, errAttr
		}
		i++
	}
	name = left[from:i]
	if i = pastSpace(left, i); len(name) == 0 || i == len(left) || left[i] != '=' {
		return nil, nil, nil, errAttr
	}
	if i = pastSpace(left, i+1); i == len(left) || left[i] != '"' && left[i] != '\'' {
		return nil, nil, nil, errAttr
	}
	n := bytes.IndexByte(left[i+1:], left[i])
	if n < 0 {
		return nil, nil, nil, errAttr
	}
	return name, left[i+1 : i+1+n], left[i+n+2:], nil
}

// pastSpace is the first place from i on where there is no white space.
func pastSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// attrs is the text of the attributes of those names, with any prefix; "" where there is none.
func (t tag) attrs(names ...string) ([]string, error) {
	values := make([]string, len(names))
	for rest := t.rest; ; {
		name, v, left, err := attr(rest)
		if err != nil || name == nil {
			return values, err
		}
		for i, want := range names {
			if string(local(name)) == want {
				b, err := appendText(nil, v)
				if err != nil {
					return values, err
				}
				values[i] = string(b)
			}
		}
		rest = left
	}
}

package access

import "strings"

// element is what one hop says in Forwarded; names are in small letters.
type element map[string]string

// parseForwarded reads the lines of Forwarded (RFC 7239), the nearest hop last. A line that is
// malformed becomes one element that says nothing: a quote that a stranger left
// open must not take in what a proxy wrote behind it.
func parseForwarded(lines []string) []element {
	var all []element
	for _, line := range lines {
		elements, ok := parseForwardedLine(line)
		if !ok {
			elements = []element{{}}
		}
		all = append(all, elements...)
	}
	return all
}

func parseForwardedLine(line string) (elements []element, ok bool) {
	now := element{}
	for rest := line; ; {
		name, value, after, ok := cutPair(rest)
		if !ok {
			return nil, false
		}
		if name != "" {
			if _, twice := now[name]; twice {
				return nil, false
			}
			now[name] = value
		}
		if (after == "" || after[0] == ',') && len(now) > 0 {
			elements, now = append(elements, now), element{}
		}
		if after == "" {
			return elements, true
		}
		rest = after[1:]
	}
}

// cutPair cuts name=value, or nothing, off the front of s. What is after it is empty or
// begins with the semicolon or comma that ends the pair.
func cutPair(s string) (name, value, after string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] == ';' || s[0] == ',' {
		return "", "", s, true
	}
	at := strings.IndexAny(s, "=;,\"")
	if at <= 0 || s[at] != '=' {
		return "", "", "", false
	}
	name, s = strings.ToLower(strings.TrimSpace(s[:at])), strings.TrimLeft(s[at+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, s, ok = cutQuoted(s[1:])
		s = strings.TrimLeft(s, " \t")
		return name, value, s, ok && (s == "" || s[0] == ';' || s[0] == ',')
	}
	end := strings.IndexAny(s, ";,")
	if end < 0 {
		end = len(s)
	}
	value = strings.TrimSpace(s[:end])
	return name, value, s[end:], name != "" && !strings.Contains(value, `"`)
}

// cutQuoted cuts the rest of a quoted string off the front of s.
func cutQuoted(s string) (value, after string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

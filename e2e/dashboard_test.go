package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what matters of Grafana's schema.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct{ Name, Type, Query string }
	}
}

type panel struct {
	ID          int
	Type, Title string
	GridPos     struct{ H, W, X, Y int }
	Targets     []struct{ RefID, Expr, LegendFormat string }
	Datasource  struct{ Type, UID string }
}

// deployed is a file of deploy/.
func deployed(name ...string) string {
	return filepath.Join(append([]string{"..", "deploy"}, name...)...)
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	b, err := os.ReadFile(deployed("grafana", "downbeat.json"))
	check(t, err)
	check(t, json.Unmarshal(b, &d))
	return d
}

// TestDashboard: it is what Grafana takes: each panel has its own id and place, and asks the
// data source that is chosen.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 36 || len(d.Panels) < 20 {
		t.Fatalf("the dashboard is %+v", d)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if p.ID == 0 || ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q at %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%q lies on %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" || p.Type != "timeseries" && p.Type != "stat" {
			t.Errorf("%q is a %s of %s with %d queries", p.Title, p.Type, p.Datasource.UID, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.RefID == "" || refs[q.RefID] || !strings.Contains(q.Expr, "$instance") {
				t.Errorf("%q asks %q as %q", p.Title, q.Expr, q.RefID)
			}
			refs[q.RefID] = true
		}
	}
}

// asked is a query of a dashboard or an alert, and what it selects.
type asked struct {
	Query   string
	Selects []selected
}

type selected struct {
	Metric string
	Labels []struct{ Name, Op, Value string }
	By     []string
}

// askedFor parses queries, and those of rule files, as Prometheus does.
func askedFor(t *testing.T, queries []string, rules ...string) (all []asked) {
	t.Helper()
	b, err := json.Marshal(queries)
	check(t, err)
	cmd := exec.Command("go", append([]string{"run", "-C", filepath.Join("..", "tools"), "./promql"}, rules...)...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(b), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	check(t, json.Unmarshal(out, &all))
	return all
}

// series are what a scrape has: of each metric the labels, and their values.
type series map[string]map[string][]string

func seriesOf(text string) series {
	all := series{}
	line := regexp.MustCompile(`(?m)^([a-z_0-9]+)(?:\{(.*)\})? \S+$`)
	label := regexp.MustCompile(`([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		if all[m[1]] == nil {
			all[m[1]] = map[string][]string{}
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			all[m[1]][l[1]] = append(all[m[1]][l[1]], l[2])
		}
	}
	return all
}

// lacks says what of a query the server's metrics don't have.
func (s series) lacks(q asked) (missing []string) {
	ofScrape := []string{"instance", "job"} // Prometheus' own
	for _, sel := range q.Selects {
		labels, ok := s[sel.Metric]
		if !ok && sel.Metric != "up" {
			missing = append(missing, sel.Metric)
			continue
		}
		for _, l := range sel.Labels {
			if slices.Contains(ofScrape, l.Name) {
				continue
			}
			matches := regexp.MustCompile("^(?:" + l.Value + ")$").MatchString
			if l.Op == "=" {
				matches = func(v string) bool { return v == l.Value }
			}
			if !slices.ContainsFunc(labels[l.Name], matches) {
				missing = append(missing, sel.Metric+"{"+l.Name+l.Op+l.Value+"}")
			}
		}
		for _, by := range sel.By {
			if labels[by] == nil && !slices.Contains(ofScrape, by) {
				missing = append(missing, sel.Metric+" by "+by)
			}
		}
	}
	return missing
}

// TestQueriesOfDashboardAndAlerts: each is PromQL, and asks for metrics and labels that a
// server has after a day; legends name labels that the queries keep.
func TestQueriesOfDashboardAndAlerts(t *testing.T) {
	d := readDashboard(t)
	var queries, legends []string
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			queries = append(queries, strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(q.Expr))
			legends = append(legends, q.LegendFormat)
		}
	}
	alerts, err := filepath.Abs(deployed("prometheus", "alerts.yml"))
	check(t, err)
	all := askedFor(t, queries, alerts)
	if len(all) < len(queries)+8 {
		t.Fatalf("%d queries, with the alerts' %d", len(queries), len(all))
	}
	lived := seriesOf(everyMetric(t) + liveOneDay(t).metrics)
	// What happens on no good day has its labels in the code.
	lived["downbeat_missed_total"] = map[string][]string{"reason": {"arrived_late"}}
	lived["downbeat_exchanges_rejected_total"] = map[string][]string{"reason": {"late"}}
	for i, q := range all {
		for _, missing := range lived.lacks(q) {
			t.Errorf("%s asks for %s, which the server doesn't have", q.Query, missing)
		}
		if i >= len(legends) {
			continue
		}
		for _, l := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(legends[i], -1) {
			if l[1] != "instance" && !slices.ContainsFunc(q.Selects, func(s selected) bool { return slices.Contains(s.By, l[1]) }) {
				t.Errorf("the legend %q of %s names no label of it", legends[i], q.Query)
			}
		}
	}
	wrong := askedFor(t, []string{`rate(downbeat_nothing_total[5m])`, `downbeat_joins_total{role="king"}`, `sum by (hat) (downbeat_joins_total)`})
	for _, q := range wrong {
		if len(lived.lacks(q)) != 1 {
			t.Errorf("nothing is wrong with %s", q.Query)
		}
	}
}

// TestDocsListTheAlerts: each has its row, and nothing else has.
func TestDocsListTheAlerts(t *testing.T) {
	rules, err := os.ReadFile(deployed("prometheus", "alerts.yml"))
	check(t, err)
	doc, err := os.ReadFile(filepath.Join("..", "docs", "operating.md"))
	check(t, err)
	names := func(text []byte, pattern string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
			all = append(all, string(m[1]))
		}
		slices.Sort(all)
		return all
	}
	if are, listed := names(rules, `alert: (\w+)`), names(doc, "(?m)^\\| `(Downbeat\\w+)` \\|"); len(are) < 8 || !slices.Equal(are, listed) {
		t.Errorf("the alerts are %v, listed are %v", are, listed)
	}
}

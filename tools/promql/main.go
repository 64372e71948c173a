// Command promql says what PromQL queries select: those of a JSON array of strings on
// standard input, and those of the rule files that it is given, which it checks as Prometheus
// does. It is for the tests of dashboards and alerts.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// query is one of them, and what it selects.
type query struct {
	Query   string      `json:"query"`
	Selects []selection `json:"selects"`
}

// selection is what a query selects: of one metric, the series whose labels match.
type selection struct {
	Metric string   `json:"metric"`
	Labels []match  `json:"labels"`
	By     []string `json:"by"` // labels that aggregations around it keep
}

type match struct {
	Name  string `json:"name"`
	Op    string `json:"op"` // =, !=, =~ or !~
	Value string `json:"value"`
}

func main() {
	var queries []string
	if err := json.NewDecoder(os.Stdin).Decode(&queries); err != nil {
		fail(err)
	}
	for _, name := range os.Args[1:] {
		of, err := rules(name)
		if err != nil {
			fail(err)
		}
		queries = append(queries, of...)
	}
	all := make([]query, len(queries))
	for i, q := range queries {
		of, err := read(q)
		if err != nil {
			fail(fmt.Errorf("%s: %w", q, err))
		}
		all[i] = query{q, of}
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		fail(err)
	}
}

// rules returns the queries of a file of alerting and recording rules.
func rules(name string) (queries []string, err error) {
	groups, errs := rulefmt.ParseFile(name, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			queries = append(queries, r.Expr)
		}
	}
	return queries, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "promql:", err)
	os.Exit(1)
}

func read(query string) ([]selection, error) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		return nil, err
	}
	var all []selection
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		s := selection{Metric: v.Name, Labels: []match{}, By: []string{}}
		for _, m := range v.LabelMatchers {
			if m.Name != labels.MetricName {
				s.Labels = append(s.Labels, match{m.Name, m.Type.String(), m.Value})
			}
		}
		for _, over := range path {
			if a, ok := over.(*parser.AggregateExpr); ok && !a.Without {
				s.By = append(s.By, a.Grouping...)
			}
		}
		slices.Sort(s.By)
		s.By = slices.Compact(s.By)
		all = append(all, s)
		return nil
	})
	return all, nil
}

package status

import (
	"cmp"
	"context"
	"fmt"
)

// addProcesses lists the processes that deliver, and what is wrong in each.
func (m *maker) addProcesses(context.Context) error {
	for _, p := range m.Processes {
		m.report.Processes = append(m.report.Processes, Process{Host: p.Host, Process: p.Process, Command: p.Command, Version: p.Version,
			Began: m.time(p.Began), Batches: p.Batches})
		for _, t := range p.Troubles {
			m.find(Finding{Kind: KindProcess, Decide: t.Decide, Message: fmt.Sprintf("%s (process %d on %s): %s", p.Command, p.Process, p.Host, oneLine(t.Message)),
				Hint: cmp.Or(oneLine(t.Hint), "its log says more")})
		}
	}
	return nil
}

package config

import "go.yaml.in/yaml/v3"

// LedgerAddress returns the address of a ledger that is not in a config, such as an argument of a
// command, with ${NAME} replaced as in one. The error does not repeat it.
func LedgerAddress(text string, lookup func(string) (string, bool)) (string, error) {
	d := &decoder{lookup: lookup, at: map[string]*yaml.Node{}, written: map[string]string{}}
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	c := Default()
	var ok bool
	if c.Ledger, ok = d.expand(ledgerKey, node); ok {
		c.resolveLedger(d)
	}
	if len(d.faults) > 0 {
		return "", &AddressError{d.faults[0].Message}
	}
	return c.Ledger, nil
}

// AddressError is what is wrong with the address of a ledger.
type AddressError struct{ message string }

func (e *AddressError) Error() string { return e.message }

package ledger

// Touched are subscribers whom a transaction may touch: of whom it reads or changes the row,
// or a delivery, except one that was sent, of an edition that is done. The zero value is everybody, and stands for all deliveries and editions too.
//
// An engine may remember everyone else's state across the transaction. Whoever is changed
// without being named could get a mail after leaving, so name somebody only where the
// statements name the same subscriber.
type Touched struct {
	some bool
	ids  []int64
}

// Only returns the subscribers with these ids; nobody if there are none.
func Only(ids ...int64) Touched { return Touched{some: true, ids: ids} }

// Everybody reports whether everybody is touched.
func (t Touched) Everybody() bool { return !t.some }

// Subscribers returns the ids of those who are touched, unless it is everybody.
func (t Touched) Subscribers() []int64 { return t.ids }

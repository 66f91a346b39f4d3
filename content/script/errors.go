package script

// evalError is what the evaluator panics with where a value is unknown. The exported functions recover it.
type evalError struct {
	message    string
	undeclared bool // nothing declares the name
	fatal      bool // the whole result is unknown, not only the expression's value
}

func (f evalError) Error() string { return f.message }

// fail ends the evaluation of an expression.
func fail(message string) { panic(evalError{message: message}) }

// abort ends the whole evaluation, where continuing could be wrong or take long.
func abort(message string) { panic(evalError{message: message, fatal: true}) }

// recoverError recovers from a panic with an evalError, and sets err to it.
func recoverError(err *error) {
	if r := recover(); r != nil {
		f, ok := r.(evalError)
		if !ok {
			panic(r)
		}
		*err = f
	}
}

// abortOnFailure turns the panic of fail into one of abort.
func abortOnFailure() {
	r := recover()
	if f, ok := r.(evalError); ok {
		f.fatal = true
		r = f
	}
	if r != nil {
		panic(r)
	}
}

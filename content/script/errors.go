package script

// failure ends an evaluation: something in it is not known here.
type evalError struct {
	what       string
	undeclared bool // it is a name that nothing declares
	fatal      bool // no part of the result can be known
}

func (f evalError) Error() string { return f.what + " is not known here" }

// unknown leaves the evaluation, which recovers it in Function.call alone.
func fail(what string) { panic(evalError{what: what}) }

// fatal ends the evaluation where going on could be wrong, or take long.
func abort(what string) { panic(evalError{what: what, fatal: true}) }

func recoverError(err *error) {
	if r := recover(); r != nil {
		f, ok := r.(evalError)
		if !ok {
			panic(r)
		}
		*err = f
	}
}

// makeFatal makes a failure end the evaluation of the present way.
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

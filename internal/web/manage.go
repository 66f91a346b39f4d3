package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/mailer/address"
	"publisher/templates"
)

// What a link in a digest may not do is behind a link that is mailed to the address on file when
// somebody asks for it. It works once; looking does not use it up, because scanners follow links.

// showManage shows what a fresh link is for.
func (s *site) showManage(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	b, err := signups.Managed(r.Context(), s.Ledger, token, s.Now())
	switch {
	case err != nil:
		s.fail(w, r, err, "")
	case b == nil:
		s.usedLink(w, r)
	default:
		s.managePage(b, token, templates.ManagePage{})(w, r)
	}
}

// managePage shows the page of a fresh link; page has what came of a request.
func (s *site) managePage(b *ledger.Subscriber, token string, page templates.ManagePage) answer {
	page.Frame, page.State, page.Address, page.URL = s.frameIn(b.Language), templates.Manages, masked(b.Email), s.base+"/manage/"+url.PathEscape(token)
	page.CanMove = tokenHolder{Subscriber: b}.subscribed()
	status := http.StatusOK
	if page.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return func(w http.ResponseWriter, r *http.Request) { s.pageWith(w, r, status, "page-manage.html", &page) }
}

// manage does one of the things that a fresh link is for, and uses it up.
func (s *site) manage(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if !mailtoken.IsSecret(token) {
		s.usedLink(w, r)
		return
	}
	form, ok := s.form(w, r)
	if !ok {
		return
	}
	s.change(w, r, func(ctx context.Context) (answer, error) {
		b, err := signups.Managed(ctx, s.Ledger, token, s.Now())
		if err != nil || b == nil {
			return s.usedLink, err
		}
		var a answer
		switch form.Get("act") {
		case "data":
			a, err = s.giveData(ctx, b, token)
		case "move":
			a, err = s.askAddress(ctx, b, token, form.Get("email"))
		case "erase":
			a, err = s.eraseSubscriber(ctx, b, token, form.Get("sure") == "1")
		default:
			a = func(w http.ResponseWriter, _ *http.Request) { s.message(w, http.StatusBadRequest, templates.BadForm) }
		}
		return a, about(b.Email, err)
	})
}

// giveData answers with everything that the ledger has about the subscriber.
func (s *site) giveData(ctx context.Context, b *ledger.Subscriber, token string) (answer, error) {
	data, err := erasure.CollectData(ctx, s.Ledger, b.ID)
	if err != nil || data == nil {
		return s.usedLink, err
	}
	body, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return nil, err
	}
	if used, err := signups.UseManaged(ctx, s.Ledger, token, s.Now()); err != nil || used == nil {
		return s.usedLink, err
	}
	s.Log.Info("a subscriber took their data", "subscriber", b.ID)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.Write(append(body, '\n')) //nolint:errcheck // the client may have left
	}, nil
}

// askAddress has another address asked whether it is the subscriber's new one. The answer is the
// same whatever is known of that address.
func (s *site) askAddress(ctx context.Context, b *ledger.Subscriber, token, email string) (answer, error) {
	key, err := address.Normalize(email)
	own, _ := address.Normalize(b.Email)
	switch {
	case err != nil:
		return s.managePage(b, token, templates.ManagePage{Email: email, Fault: "move_fault"}), nil
	case key == own:
		return s.managePage(b, token, templates.ManagePage{Email: email, Fault: "move_same"}), nil
	case !tokenHolder{Subscriber: b}.subscribed():
		return s.managePage(b, token, templates.ManagePage{}), nil
	}
	if used, err := signups.AskAddress(ctx, s.Ledger, token, email, s.Now()); err != nil || used == nil {
		return s.usedLink, about(email, err)
	}
	s.Log.Info("a subscriber wants to change the address", "subscriber", b.ID)
	s.signedUp()
	page := &templates.ManagePage{Frame: s.frameIn(b.Language), State: templates.AddressAsked, Address: masked(email)}
	return func(w http.ResponseWriter, r *http.Request) { s.page(w, r, "page-manage.html", page) }, nil
}

// eraseSubscriber removes everything about the subscriber, the link included.
func (s *site) eraseSubscriber(ctx context.Context, b *ledger.Subscriber, token string, sure bool) (answer, error) {
	if !sure {
		return s.managePage(b, token, templates.ManagePage{Fault: "erase_fault"}), nil
	}
	erase := s.Erase
	if erase == nil {
		erase = func(ctx context.Context, email string) error {
			_, err := erasure.Erase(ctx, s.Ledger, []string{email}, s.Now())
			return err
		}
	}
	if err := erase(ctx, b.Email); err != nil {
		// The files may be left to be cleaned by the next pass, which is not the reader's concern.
		if left, found := s.Ledger.SubscriberByID(ctx, b.ID); found != nil || left != nil {
			return nil, err
		}
		s.Log.Error("the files of the ledger could not be cleaned after an erasure", "error", about(b.Email, err))
	}
	s.Log.Info("a subscriber was erased", "subscriber", b.ID)
	page := &templates.ManagePage{Frame: s.frameIn(b.Language), State: templates.IsErased}
	return func(w http.ResponseWriter, r *http.Request) { s.page(w, r, "page-manage.html", page) }, nil
}

// usedLink answers links that are unknown, used or too old, all in the same way.
func (s *site) usedLink(w http.ResponseWriter, _ *http.Request) {
	s.message(w, http.StatusNotFound, templates.UsedLink)
}

// A moveLink is a link that confirms a change of address, or takes it back.
type moveLink struct {
	path    string
	purpose ledger.TokenPurpose
}

var (
	newAddress = moveLink{"/address/", ledger.TokenAddress}
	oldAddress = moveLink{"/take-back/", ledger.TokenTakeBack}
)

// showMove shows a button and changes nothing.
func (s *site) showMove(link moveLink) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.PathValue("token")
		b, to, err := signups.FindMove(r.Context(), s.Ledger, link.purpose, token, s.Now())
		switch {
		case err != nil:
			s.fail(w, r, err, to)
		case b == nil:
			s.usedLink(w, r)
		default:
			s.page(w, r, "page-address.html", &templates.MovePage{Frame: s.frameIn(b.Language), Back: link == oldAddress,
				Address: masked(to), URL: s.base + link.path + url.PathEscape(token)})
		}
	}
}

// moveBy changes the address, or takes that back.
func (s *site) moveBy(link moveLink) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.PathValue("token")
		s.change(w, r, func(ctx context.Context) (answer, error) {
			o := signups.MoveOptions{DefaultCadence: s.Config.Digest.Default, Now: s.Now(), Masked: masked}
			move := signups.Move
			if link == oldAddress {
				move = signups.TakeBack
			}
			b, err := move(ctx, s.Ledger, token, o)
			if err != nil || b == nil {
				return s.usedLink, err
			}
			s.Log.Info("a subscriber's address was changed", "subscriber", b.ID, "back", link == oldAddress)
			s.signedUp()
			tokens, err := s.Ledger.Tokens(ctx)
			if err != nil {
				return nil, about(b.Email, err)
			}
			page := &templates.MovePage{Frame: s.frameIn(b.Language), Back: link == oldAddress, Done: true, Address: masked(b.Email),
				PreferencesURL: s.base + "/preferences/" + tokens.Link(mailtoken.Preferences, b.ID)}
			return func(w http.ResponseWriter, r *http.Request) { s.page(w, r, "page-address.html", page) }, nil
		})
	}
}

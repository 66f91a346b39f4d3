package subscribers

import (
	"maps"
	"slices"
	"strings"

	"publisher/internal/ledger"
)

// meaning is what the cells of a column are taken for.
type meaning int

const (
	unused      meaning = iota // known, and not needed
	isAddress                  // the address
	isName                     // the whole name
	isFirstName                // joined with isLastName where there is no isName
	isLastName
	isStatus       // a word of the service's
	isOptIn        // yes: active, no: unsubscribed; must be one of both
	isOptOut       // yes: unsubscribed, no: active; must be one of both
	isUnsubscribed // anything: unsubscribed (a date, most often)
	isBounced      // anything: bounced
	isCreated
	isConfirmed
	isTags
	isCadence
	isLanguage
)

// service describes the lists that one service exports, or plain ones.
type service struct {
	name  string // as --from has it
	title string
	// signatures are sets of columns: a list that has one of them is the service's.
	signatures [][]string
	// only says that a list with other columns is not the service's.
	only    bool
	columns map[string]meaning // by folded name
	// words for a status, in addition to statusWords or instead of them. A word with "" means
	// that the row is left out: the person never asked for mail, or never confirmed.
	words map[string]ledger.Status
	// files give a status for all rows by the start of the file's name, if no column does.
	files []fileMeaning
	// presence are columns that only a file with that status has.
	presence map[string]ledger.Status
	// dates are layouts of times beyond those of parseWhen.
	dates []string
}

type fileMeaning struct {
	prefix string
	status ledger.Status // "": left out
}

const plainList = "plain"

// services returns all lists that are recognized by their columns, plain ones last. The facts
// are those of the services' own exports; docs/subscribers.md describes them.
func services() []service {
	all := []service{ghost(), substack(), mailchimp(), buttondown(), kit(), listmonk(), feedBurner(), mailerLite(), plain()}
	for i := range all {
		words := statusWords()
		maps.Copy(words, all[i].words)
		all[i].words = words
	}
	return all
}

func ghost() service {
	return service{
		name: "ghost", title: "Ghost", signatures: [][]string{{"email", "subscribed_to_emails"}},
		columns: map[string]meaning{
			"email": isAddress, "name": isName, "subscribed_to_emails": isOptIn, "deleted_at": isUnsubscribed, "created_at": isCreated, "labels": isTags,
			"id": unused, "note": unused, "complimentary_plan": unused, "stripe_customer_id": unused, "tiers": unused, "products": unused,
			"import_tier": unused, "gift_id": unused, "error": unused,
		},
	}
}

func substack() service {
	return service{
		name: "substack", title: "Substack", signatures: [][]string{{"email", "email_disabled"}, {"email", "active_subscription", "expiry"}},
		columns: map[string]meaning{
			"email": isAddress, "name": isName, "email_disabled": isOptOut, "created_at": isCreated,
			// These are about paying and about the app, not about mail.
			"active_subscription": unused, "expiry": unused, "plan": unused, "first_payment_at": unused, "prefer_digests": unused, "digest_enabled": unused,
		},
	}
}

func mailchimp() service {
	return service{
		name: "mailchimp", title: "Mailchimp",
		signatures: [][]string{{"member_rating", "optin_time"}, {"member_rating", "confirm_time"}, {"optin_time", "confirm_time"}, {"leid", "euid"},
			{"unsub_time", "unsub_campaign_id"}, {"clean_time", "clean_campaign_id"}, {"email_address", "first_name", "last_name", "tags"}},
		columns: map[string]meaning{
			"email_address": isAddress, "email": isAddress, "first_name": isFirstName, "last_name": isLastName, "full_name": isName,
			"vorname": isFirstName, "nachname": isLastName, "prénom": isFirstName, "nom": isLastName, "nom_de_famille": isLastName, "nombre": isFirstName,
			"apellido": isLastName, "apellidos": isLastName, "nome": isFirstName, "cognome": isLastName, "sobrenome": isLastName, "voornaam": isFirstName, "achternaam": isLastName,
			"status": isStatus, "optin_time": isCreated, "confirm_time": isConfirmed, "unsub_time": isUnsubscribed, "clean_time": isBounced, "tags": isTags,
			"member_rating": unused, "optin_ip": unused, "confirm_ip": unused, "unsub_campaign_title": unused, "unsub_campaign_id": unused,
			"unsub_reason": unused, "unsub_reason_other": unused, "clean_campaign_title": unused, "clean_campaign_id": unused,
			"latitude": unused, "longitude": unused, "gmtoff": unused, "dstoff": unused, "timezone": unused, "cc": unused, "region": unused,
			"last_changed": unused, "leid": unused, "euid": unused, "notes": unused, "address": unused, "phone_number": unused, "birthday": unused,
			"state": unused, "country": unused, "company": unused,
		},
		presence: map[string]ledger.Status{"unsub_time": ledger.Unsubscribed, "clean_time": ledger.Bounced},
		words:    map[string]ledger.Status{"nonsubscribed": "", "non_subscribed": "", "transactional": "", "archived": ledger.Removed},
		// An audience is exported as files of these names; the last holds who bought something and never subscribed.
		files: []fileMeaning{{"subscribed", ledger.Active}, {"unsubscribed", ledger.Unsubscribed}, {"cleaned", ledger.Bounced}, {"nonsubscribed", ""}},
	}
}

func buttondown() service {
	return service{
		name: "buttondown", title: "Buttondown",
		signatures: [][]string{{"email_address", "subscriber_type"}, {"email", "subscriber_type"}, {"email_address", "type", "creation_date"}, {"email", "type", "creation_date"}},
		columns: map[string]meaning{
			"email_address": isAddress, "email": isAddress, "subscriber_type": isStatus, "type": isStatus, "creation_date": isCreated, "tags": isTags,
			"unsubscription_date": isUnsubscribed, "unsubscription_reason": unused, "undeliverability_date": unused, "undeliverability_reason": unused,
			"churn_date": unused, "upgrade_date": unused,
			"bounce_date": unused, "subscriber_import_id": unused, "gift_subscription_message": unused, "paid_subscription": unused,
			"id": unused, "notes": unused, "metadata": unused, "source": unused, "referrer_url": unused, "secondary_id": unused, "ip_address": unused,
		},
		words: map[string]ledger.Status{
			"regular": ledger.Active, "premium": ledger.Active, "trialed": ledger.Active, "unpaid": ledger.Active, "gifted": ledger.Active,
			"churning": ledger.Active, "churned": ledger.Active, "past_due": ledger.Active, "paused": ledger.Active, // about paying
			"unactivated": ledger.Pending, "spammy": ledger.Removed, "blocked": ledger.Unsubscribed,
		},
	}
}

func kit() service {
	return service{
		name: "kit", title: "Kit (ConvertKit)",
		signatures: [][]string{{"email", "first_name", "state", "created_at"}, {"email", "first_name", "status", "created_at"},
			{"email_address", "first_name", "state", "created_at"}, {"email_address", "first_name", "status", "created_at"}},
		columns: map[string]meaning{
			"email": isAddress, "email_address": isAddress, "first_name": isFirstName, "last_name": isLastName, "state": isStatus, "status": isStatus,
			"created_at": isCreated, "tags": isTags, "canceled_at": isUnsubscribed, "cancelled_at": isUnsubscribed, "id": unused, "referrer": unused, "source": unused,
		},
		// Kit calls inactive who has not confirmed, and cold who has not opened a mail for long.
		words: map[string]ledger.Status{"inactive": ledger.Pending, "cold": ledger.Active},
	}
}

func listmonk() service {
	return service{
		name: "listmonk", title: "listmonk", signatures: [][]string{{"uuid", "email", "status", "attributes"}, {"uuid", "email", "status", "attribs"}},
		columns: map[string]meaning{
			"email": isAddress, "name": isName, "status": isStatus, "created_at": isCreated,
			"uuid": unused, "id": unused, "attributes": unused, "attribs": unused, "updated_at": unused,
		},
		words: map[string]ledger.Status{"disabled": ledger.Removed}, // by the owner
	}
}

func feedBurner() service {
	return service{
		name: "feedburner", title: "FeedBurner", signatures: [][]string{{"email", "subscribed", "status"}, {"email_address", "subscribed", "status"}}, only: true,
		columns: map[string]meaning{"email": isAddress, "email_address": isAddress, "subscribed": isCreated, "status": isStatus},
		words:   map[string]ledger.Status{"unverified": "", "pending_verification": "", "pending": ""},
		dates:   []string{"01/02/2006 15:04", "01/02/2006 15:04:05", "01/02/2006"},
	}
}

func mailerLite() service {
	return service{
		name: "mailerlite", title: "MailerLite",
		signatures: [][]string{{"subscriber", "sent", "opens", "clicks"}, {"email", "sent", "opens", "clicks"}, {"email", "sent", "opened", "clicked"},
			{"email", "status", "subscribed", "unsubscribed"},
			{"email", "subscribed_at", "opted_in_at"}, {"email", "subscribed_at", "unsubscribed_at"}, {"email", "signup_timestamp", "confirmation_timestamp"}},
		columns: map[string]meaning{
			"subscriber": isAddress, "email": isAddress, "name": isFirstName, "first_name": isFirstName, "last_name": isLastName, "status": isStatus, "type": isStatus,
			"subscribed": isCreated, "subscribed_at": isCreated, "date_subscribed": isCreated, "date_subscribe": isCreated, "created_at": isCreated, "date_created": isCreated,
			"signup_timestamp": isCreated, "opted_in_at": isConfirmed, "confirmation_timestamp": isConfirmed, "date_confirmed": isConfirmed,
			"unsubscribed": isUnsubscribed, "unsubscribed_at": isUnsubscribed, "date_unsubscribed": isUnsubscribed, "date_unsubscribe": isUnsubscribed, "groups": isTags,
			"signup_ip": unused, "confirmation_ip": unused, "optin_ip": unused, "ip_address": unused, "sent": unused, "opens": unused, "opened": unused,
			"clicks": unused, "clicked": unused, "location": unused, "company": unused, "country": unused, "city": unused, "phone": unused,
			"state": unused, "zip": unused, "z_i_p": unused, "updated_at": unused, "date_updated": unused, "id": unused, "source": unused,
		},
	}
}

// plain is a list that is kept by hand, or written by `subscribers export`.
func plain() service {
	return service{
		name: plainList, title: "plain list",
		columns: map[string]meaning{
			"email": isAddress, "e_mail": isAddress, "email_address": isAddress, "e_mail_address": isAddress, "emailaddress": isAddress, "mail_address": isAddress,
			"name": isName, "full_name": isName, "first_name": isFirstName, "firstname": isFirstName, "last_name": isLastName, "lastname": isLastName,
			"surname": isLastName, "status": isStatus, "cadence": isCadence, "tags": isTags, "language": isLanguage,
			"created": isCreated, "created_at": isCreated, "date_created": isCreated, "date_subscribed": isCreated, "subscribed_at": isCreated,
			"subscribed_on": isCreated, "subscribed_date": isCreated, "subscription_date": isCreated,
			"confirmed": isConfirmed, "confirmed_at": isConfirmed, "unsubscribed_at": isUnsubscribed,
		},
	}
}

// fits reports whether a list with these folded column names is the service's.
func (s *service) fits(names []string) bool {
	return slices.ContainsFunc(s.signatures, func(signature []string) bool {
		has := func(name string) bool { return slices.Contains(names, name) }
		for _, name := range signature {
			if !has(name) {
				return false
			}
		}
		extra := slices.ContainsFunc(names, func(name string) bool { return name != "" && !slices.Contains(signature, name) })
		return !s.only || !extra
	})
}

// recognize returns the services whose list one with these folded column names may be.
func recognize(names []string) []service {
	var found []service
	for _, s := range services() {
		if s.fits(names) {
			found = append(found, s)
		}
	}
	return found
}

// serviceNames returns the values of --from.
func serviceNames() []string {
	var names []string
	for _, s := range services() {
		names = append(names, s.name)
	}
	return names
}

// serviceNamed returns the service that --from names.
func serviceNamed(name string) (service, bool) {
	for _, s := range services() {
		if strings.EqualFold(s.name, name) {
			return s, true
		}
	}
	return service{}, false
}

// statusOf returns the status for a cell of an isStatus column, "" if the row is left out; ok
// reports whether the word is known.
func (s *service) statusOf(text string) (status ledger.Status, ok bool) {
	status, ok = s.words[foldHeader(text)]
	return status, ok
}

// onlyStatuses returns the folded words that can only be a status. A word that means active may
// also be a plan that somebody pays for.
func onlyStatuses() map[string]bool {
	words := map[string]bool{}
	for word := range statusWords() {
		words[word] = true
	}
	for _, s := range services() {
		for word, status := range s.words {
			if status != ledger.Active {
				words[word] = true
			}
		}
	}
	return words
}

// fileStatus returns the status of all rows in a file of that name, if no column gives one.
func (s *service) fileStatus(base string) (status ledger.Status, ok bool) {
	for _, f := range s.files {
		if strings.HasPrefix(strings.ToLower(base), f.prefix) {
			return f.status, true
		}
	}
	return "", false
}

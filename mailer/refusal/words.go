package refusal

// phrases are what servers say, in the form that Words returns. The first list with
// a match decides. A full mailbox comes before an unavailable one, because servers say
// "unavailable" of both; phrases about us come before denials, because a failed callout
// to our own address contains one.
var phrases = []struct {
	about About
	words []string
}{
	{AboutTransient, []string{
		// The mailbox is full, or receives too much mail from all senders.
		"rate that prevents", "receiving mail at a rate", "receiving email at a rate", "receiving mail too quickly", "receiving email too quickly",
		"receiving too many", "recipient thread limit", "too many messages on the server",
		"mailbox full", "mailbox is full", "full mailbox", "inbox is full", "inbox full", "mailfolder is full", "mailbox size limit", "mailbox would exceed",
		"over quota", "overquota", "over its quota", "over their quota", "over the quota", "over disk quota", "over the allowed quota", "mailbox quota",
		"disk quota", "storage quota", "user quota", "allowed quota", "exceeded quota", "exceeded its quota", "exceeding its mailbox quota", "mailbox has exceeded",
		"mailbox exceed*", "out of storage", "storage space", "exceeded storage", "storage limit", "storage allocation", "insufficient storage", "insufficient disk",
		"space limit", "disk space", "no space left", "enough space", "insufficient system storage", "has too many", "quota violation", "mailbox over",
		"boite pleine", "destinataire pleine", "boite aux lettres pleine", "postfach voll", "postfach ist voll", "zuviele mails", "buzon lleno", "buzon esta lleno",
		"caixa cheia", "caixa postal cheia", "cota excedida", "casella piena", "skrzynka pelna", "переполнен", "邮箱已满", "邮箱空间不足", "空间已满", "容量不足", "容量超過", "信箱已滿",
	}},
	{AboutUs, aboutUsWords},
	{AboutTransient, []string{
		"temporar*", "temporal*", "temporair*", "vorubergehend*", "voruebergehend*", "momentan*", "временно", "一時的", "暂时", "暫時",
		"timed out", "timeout", "time out", "queue too long", "message expired", "delivery expired", "delivery time expired", "retry time*", "too long in queue",
		"no route to host", "connection refused", "network is unreachable", "mail loop", "loops back", "hop count", "too many hops",
		"unable to connect", "could not connect", "couldnt connect", "able to establish", "server busy", "system busy", "is busy", "multiple retries", "queue expired",
		"could not be delivered for", "name service error for domain", "lookup failed", "queue file write error", "local error in processing",
	}},
	{AboutUs, []string{
		"try again in", "later", "plus tard", "spater", "spaeter", "mas tarde", "mais tarde", "piu tardi", "позже", "позднее", "稍后", "稍後", "後で",
		"go away", "not welcome",
	}},
	{Unclear, []string{"unavailable or access denied", "unavailable or not accepting", "no valid recipient*"}},
	{AboutMailbox, denials},
}

// aboutUsWords mention the sender, the relay, authentication, or why the message is not
// accepted.
var aboutUsWords = []string{
	// The relay.
	"relaying", "relay access", "relay denied", "relay not", "relay prohibited", "relay is not", "relay limit*", "relay check", "to relay", "as a relay", "open relay",
	"no relay", "cannot relay", "smtp relay", "denies relay", "allow relay", "allow relaying", "insecure mail relay", "not a gateway", "mail gate", "rcpthosts",
	// The sender.
	"sender*", "mail from", "return path", "returnpath", "envelope from", "from address", "from header", "from field", "from domain", "originator", "reverse path",
	"helo", "ehlo", "verification failed", "verify failed", "batv", "backscatter", "bounce attack*", "accept mail from", "accepts mail from", "accept email from", "accepting mail from",
	"accept messages from", "absender*", "expediteur*", "emetteur*", "remitente*", "remetente*", "mittente*", "nadawc*", "afzender*", "avsandar*", "odesilatel*",
	"отправител", "发件人", "寄件人", "寄件者", "发信人", "送信者", "送信元", "差出人", "발신자", "보낸 사람",
	// Authentication and authorization.
	"authenticat*", "authentif*", "authentisier*", "autentic*", "authoriz*", "authoris*", "unauthoriz*", "unauthoris*", "unauthenticated", "auth required", "auth error", "smtp auth", "log in", "login", "logged in", "not logged",
	"password", "credentials", "permission*", "权限", "權限", "権限", "starttls", "tls required", "encryption required", "аутентификац", "авториза", "认证", "認證", "身份验证", "認証", "allowed to send", "permitted to send", "able to send", "cannot send", "cant send", "send from", "outgoing", "outbound", "message sending", "sending messages", "sending mail", "sending email", "sending is",
	// Sender verification.
	"spf", "dkim", "dmarc", "ptr", "rdns", "fcrdns", "reverse dns", "reverse hostname", "reverse lookup", "invalid dns", "dns check", "sender policy framework",
	// Policy.
	"policy", "policies", "prohibit*", "forbidden", "restrict*", "administrative*", "richtlinie*", "politique", "politica", "политик", "策略", "ポリシー",
	// Reputation.
	"spam", "spams", "spammer*", "spamming", "antispam", "junk", "unsolicited", "unwanted", "bulk", "mass mail*", "dt spm", "blacklist*", "black list*", "black mail", "blocklist*", "block list*",
	"blackhole", "rbl", "dnsbl", "drbl", "reputation", "blocked using", "blocked by", "was blocked", "blocked for", "blocked due to spam", "blocked see", "refused see", "network not allowed", "host not allowed", "not allowed to connect", "not accepting connections", "protocol violation", "sequence of commands", "banned", "denied by", "listed at", "listed on",
	"abuse", "abus detecte", "abusive", "complaint*", "malicious", "malware", "virus*", "phish*", "suspicious*", "suspected", "poor*", "greylist*", "graylist*", "grey list*",
	"отправка спама", "спам", "垃圾邮件", "垃圾郵件", "スパム", "迷惑メール", "스팸", "spamverdacht",
	"client host", "your ip", "your host", "your server", "your mail server", "your mail system", "your domain", "your network", "your account", "your mailbox", "your user", "your email account", "your e mail account", "your isp", "your dns",
	"your mta", "your client", "your organization", "your connection*", "this ip", "the ip", "from ip", "ip address is", "ip address has", "ip address blocked", "ip address rejected", "ip address not", "ip addresses", "ip name lookup", "bad ip", "blocked ip", "sending ip", "connecting ip", "client ip", "remote ip",
	"server ip", "sending mta", "fake ip", "invalid ip", "black ip", "ip is", "ip frequency", "ip blocked", "dynamic ip*", "mail server at", "votre configuration", "votre adresse ip", "votre serveur",
	// Rate and quota.
	"rate limit*", "ratelimit*", "rate exceeded", "sending rate", "send rate", "sending limit*", "send limit*", "sending quota", "message quota", "messaging limit*", "exceeded your", "emails per", "messages per", "mails per",
	"recipients per", "per hour", "per day", "per minute", "per second", "per connection", "hourly", "daily", "per heure", "par heure", "pro stunde", "throttl*", "slow down", "slower",
	"too fast", "too frequent*", "frequency limited", "excessive", "volume", "exceeded the max*", "max emails", "maximum number", "concurren*", "simultaneous*", "connection limit*",
	"connections limit*", "thread limit*", "session limit*", "domain limit*", "limit per", "limit has been reached", "limit is exceeded", "limit exceeded", "too many connections", "too many sessions", "too many messages", "too many mails",
	"too many emails", "too many recipients", "too many errors", "too many invalid", "too many unknown", "too many smtp", "too many failed", "too many bad", "too many rcpt",
	"too many requests", "too much mail", "trop de connexions", "trop de", "zu viele", "demasiad*", "超限制", "超过限制", "频率", "超出限制", "превышен лимит", "лимит", "harvest*",
	// The message.
	"content", "contents", "attachment*", "message too large", "message too big", "message size", "size limit", "maximum message", "exceeds the maximum size", "message too long", "headers not",
	"header error", "missing header", "message looks like", "message rejected", "message refused", "message blocked", "message was rejected", "message has been rejected",
	"message was refused", "message filtered", "mail content", "mail rejete", "mail rejected", "mail refuse", "rejected by recipient*", "rule imposed", "user rules", "blocked by the recipient", "recipients have blocked",
	"refuses to receive", "refuse to receive", "protected by", "mailing list", "members only", "service refuse*",
}

// denials are phrases that say that a mailbox or a domain does not exist and that
// deniesMailbox does not cover.
var denials = []string{
	"unrouteable address", "unroutable address", "unrouteable mail domain", "unroutable mail domain", "not our customer", "doesnt have an account", "does not have an account",
	"user doesnt have a", "user does not have a", "not listed in domino directory", "not listed in public name", "name directory", "not present in directory", "not in directory",
	"no mailbox here", "no account by that name", "no one at this address", "no mail box", "no mailbox by that name", "no mailbox found", "no mailbox", "not in my validrcptto", "left the company", "no longer with",
	"no longer works", "no longer valid", "no longer in use", "no longer active", "no longer accepts", "no longer on server", "no longer exist*", "no longer available", "wrong or no longer", "missing home directory",
	"unknown or illegal alias", "resolver adr recip*", "recipientnotfound", "recipnotfound", "unknown virtual user", "unknown local part", "local part is unknown", "user path no exist", "path does not exist",
	"email does not exist", "email doesnt exist", "email unknown", "no such email", "unknown email", "email is unknown", "not a known user", "addresses were unknown", "couldnt be found or is unable", "address couldnt be found", "mailbox cannot be found", "unavailable mail user",
	"is not user of this server", "not user of this server", "not exists that user", "not a local address", "spectator does not exist", "archived recipient",
	"nxdomain", "no such domain", "domain not found", "domain name not found", "domain unknown", "unknown domain", "domain does not exist", "domain doesnt exist", "domain must exist",
	"nonexistent domain", "non existent domain", "domain is unknown", "host unknown", "unknown host", "host not found", "no such host", "null mx", "nullmx", "does not accept mail", "doesnt accept mail", "does not accept email", "doesnt receive email", "indicated no smtp service", "couldnt find a mail exchanger", "couldnt find any host",
	// Other languages.
	"benutzer unbekannt", "unbekannter benutzer", "nutzer unbekannt", "empfanger unbekannt", "empfaenger unbekannt", "unbekannter empf*", "adresse unbekannt", "unbekannte adresse", "existiert nicht",
	"postfach deaktiviert", "konto deaktiviert", "postfach geschlossen", "nicht bekannt", "adressat unbekannt", "postfach nicht gefunden", "benutzer nicht gefunden",
	"utilisateur inconnu", "destinataire inconnu", "adresse inconnue", "compte inconnu", "inexistant*", "nexiste pas", "nexiste plus", "destinataire invalide", "adresse invalide", "compte desactive", "compte ferme",
	"destinataire archivee", "utilisateur non trouve", "inactif",
	"usuario desconocido", "destinatario desconocido", "no existe", "inexistente", "inexistentes", "cuenta desactivada", "cuenta deshabilitada", "usuario no encontrado", "buzon no encontrado",
	"usuario desconhecido", "destinatario desconhecido", "nao existe", "conta desativada", "caixa postal inativa", "usuario nao encontrado", "conta inativa", "conta cancelada",
	"utente sconosciuto", "destinatario sconosciuto", "non esiste", "utente non trovato", "nessun utente", "casella disabilitata", "utente disabilitato", "casella disattivata",
	"gebruiker onbekend", "onbekende gebruiker", "ontvanger onbekend", "bestaat niet", "anvandaren finns inte", "finns inte", "findes ikke", "finnes ikke",
	"nie istnieje", "nie ma takiego", "nieznany uzytkownik", "uzytkownik nieznany", "nieznany odbiorca", "neexistuje", "kullanici bulunamadi", "kullanici yok",
	"пользователь не найден", "пользователя нет", "нет такого", "не существует", "ящик не найден", "ящик отключен", "адресат не найден", "получатель не найден", "неизвестный пользователь", "неизвестный получатель",
	"不存在", "查无此人", "查無此人", "无此用户", "无此人", "没有此用户", "找不到用户", "找不到收件人", "无效的收件人", "收件人地址无效", "已停用", "已被停用",
	"存在しません", "存在しない", "見つかりません", "宛先不明", "ユーザ不明", "ユーザー不明", "宛先が不明", "あて先不明", "無効なメールアドレス", "アドレスが無効",
	"존재하지 않", "없는 사용자", "없는 계정", "찾을 수 없", "휴면",
}

// mailboxNames are nouns for a mailbox or its owner.
var mailboxNames = map[string]bool{
	"user": true, "users": true, "username": true, "userid": true, "mailbox": true, "mailboxes": true, "recipient": true, "recipients": true, "account": true, "address": true,
	"addresses": true, "addressee": true, "alias": true, "inbox": true, "localpart": true, "person": true, "customer": true, "box": true, "rcpt": true, "mailuser": true,
	"spectator": true, "maildrop": true, "mailaccount": true, "destination": true, "subscriber": true,
}

// notTheirs are words that, before such a noun, make it ours or a host's instead of the
// recipient's.
var notTheirs = map[string]bool{"ip": true, "your": true, "our": true, "remote": true, "host": true, "client": true, "peer": true, "network": true, "server": true, "ehlo": true}

// denialsBefore come before the noun.
var denialsBefore = [][]string{
	{"unknown"}, {"no", "such"}, {"nonexistent"}, {"non", "existent"}, {"nonexisting"}, {"non", "existing"}, {"invalid"}, {"inactive"}, {"disabled"}, {"deactivated"}, {"suspended"},
	{"not", "a", "valid"}, {"not", "an", "active"}, {"not", "a", "known"}, {"bad"}, {"not", "found"}, {"notfound"}, {"undefined"}, {"unregistered"},
}

// denialsBehind come after the noun.
var denialsBehind = [][]string{
	{"unknown"}, {"not", "found"}, {"notfound"}, {"isnt", "found"}, {"not", "exist"}, {"not", "exists"}, {"doesnt", "exist"}, {"dont", "exist"}, {"doesnt", "exists"}, {"no", "exist"}, {"no", "exists"}, {"didnt", "exist"}, {"non", "existent"}, {"nonexistent"},
	{"no", "longer"}, {"not", "known"}, {"isnt", "known"}, {"not", "a", "known"}, {"not", "active"}, {"not", "valid"}, {"isnt", "valid"}, {"not", "a", "valid"}, {"not", "an", "active"}, {"couldnt", "be", "found"}, {"could", "not", "be", "found"},
	{"cannot", "be", "found"}, {"cant", "be", "found"}, {"can", "not", "be", "found"}, {"has", "moved"}, {"not", "recognized"}, {"not", "recognised"}, {"not", "registered"},
	{"inactivity"}, {"inactive"}, {"a", "deactivated", "mailbox"}, {"not", "present"},
}

// endings also come after the noun, following one of endingLinks; the number is how many
// words away from the noun they may be.
var endings = map[string]int{
	"disabled": 8, "deactivated": 8, "suspended": 8, "terminated": 8, "discontinued": 8, "deleted": 5, "closed": 4, "invalid": 4, "removed": 4, "archived": 5, "expired": 3, "abandoned": 4, "frozen": 4, "inactive": 8,
}

// endingLinks come before an ending.
var endingLinks = map[string]bool{"is": true, "was": true, "been": true, "are": true, "be": true, "permanently": true, "currently": true, "seems": true, "now": true}

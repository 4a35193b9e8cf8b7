package link

import (
	"strings"
	"unicode"

	"palermo/transform/link/name"
)

// A role is what a column is about, told by its name.
type role string

const (
	noRole      role = ""
	roleGiven   role = "given name"
	roleSurname role = "surname"
	roleFull    role = "full name"
	roleBirth   role = "birth"
	roleYear    role = "birth year"
	roleMonth   role = "birth month"
	roleDay     role = "birth day"
	roleAge     role = "age"
	roleCode    role = "one of a few words"
	roleEmail   role = "e-mail"
	rolePhone   role = "phone"
	roleNumber  role = "reference"
	rolePost    role = "postcode"
	roleText    role = "text"
	roleAmount  role = "amount"
	roleDate    role = "date"
	roleNone    role = "nothing about a person"
)

// headers is what columns are called, in the languages of the region and of published data sets. A
// column has the role of the entry with the most words that stand in its name, side by side; of
// entries with as many, the first one's. Names are compared as name.Fold gives them, so that one
// spelling serves all scripts; a word in one piece (birthdate) is an entry of its own. What the
// column holds has the last word: see kindOf.
var headers = []struct {
	role  role
	names string // between commas
}{
	{roleGiven, "given name, given names, givenname, first name, firstname, fname, forename, forenames, christian name, middle name, middlename, patronymic, father name, prenume, prenumele, ime, licno ime, imie, imya, imja, otchestvo, vorname, prenom, emri, emer, nombre, nome, adi, given"},
	{roleSurname, "surname, last name, lastname, lname, family name, familyname, maiden name, second name, prezime, familiya, familija, familiia, prizvysche, prizvishche, nachname, familienname, nom, nom de famille, mbiemri, mbiemer, apellido, apellidos, cognome, soyadi, nazwisko, numele de familie, nume de familie, nume, nombre de famille"},
	{roleFull, "name, full name, fullname, names, person name, victim name, first and surname, name surname, ime i prezime, ime prezime, prezime i ime, fio, pib, nume si prenume, nume prenume, nume complet, emri mbiemri, emri dhe mbiemri, nom complet, nom et prenom, nombre completo, vor und nachname, ad soyad"},
	{roleBirth, "dob, date of birth, dateofbirth, birth date, birthdate, birthday, born, born on, birth, datum rodenja, datum rodjenja, datum rodzhenja, data na razdane, data rozhdeniya, data rozhdeniia, data narodzhennya, data nasterii, data nasterii, datelindja, geburtsdatum, geboren, date de naissance, fecha de nacimiento, data urodzenia, dogum tarihi"},
	{roleYear, "by, yob, birth year, birthyear, year of birth, godina rodenja, godina rodjenja, anul nasterii, geburtsjahr, annee de naissance"},
	{roleMonth, "bm, mob, birth month, month of birth, mesec rodenja, luna nasterii, geburtsmonat"},
	{roleDay, "bd, birth day, day of birth, dan rodenja, ziua nasterii, geburtstag"},
	{roleAge, "age, age years, age at, starost, godine, vozrast, varsta, mosha, alter"},
	{roleCode, "sex, gender, pol, spol, rod, gjinia, geschlecht, sexe, genre, stat, nationality, citizenship, state, country, region, drzavljanstvo, grazhdanstvo, cetatenie, shtetesia, land, pays, marital status, religion, ethnicity, language, script"},
	{roleEmail, "email, e mail, mail, email address, e posta, eposta"},
	{rolePhone, "phone, phone number, telephone, tel, mobile, cell, telefon, telefonu, gsm, fax"},
	{roleNumber, "soc sec id, ssn, social security, social security number, national id, national number, identity number, id number, personal number, personal id, passport, passport number, document number, nhs number, tax number, jmbg, umcn, cnp, egn, emb, embg, oib, pesel, idnp, case ref, case reference, case number, file number, reference, reference number, licence number, account, account number, iban, client id, patient id, mrn"},
	{rolePost, "postcode, post code, postal code, postalcode, zip, zip code, zipcode, plz, cod postal, postanski broj, kodi postar, code postal, postcode fake"},
	{roleText, "city, town, suburb, place, birth place, birthplace, place of birth, village, municipality, district, county, address, address 1, address 2, street, street name, street address, street number, house number, occupation, profession, job, employer, school, company, organisation, organization, party, constituency, file name, mesto, grad, opstina, adresa, ulica, gorod, adres, oras, localitate, strada, qyteti, ort, strasse, stadt, ville, rue, adresse, ciudad, zanimanje, memo, note, notes, remark, remarks, comment, comments, description, narrative, title, subject"},
	{roleAmount, "amount, sum, price, value, total, balance, salary, income, iznos, suma, betrag, montant"},
	{roleDate, "date, day, datum, data, datum prijave, registration date, referral date, start date, end date, transaction date, term start"},
	{roleNone, "created at, updated at, inserted at, modified, timestamp, file, source file, source dataset, row, row number, rownum, line, index, version, hash, checksum, batch"},
}

// roleOf is what a column of that name is about.
func roleOf(column string) role {
	words := headerWords(column)
	best, most := noRole, 0
	for _, h := range headers {
		for _, n := range strings.Split(h.names, ",") {
			of := strings.Fields(n)
			if len(of) > most && within(of, words) {
				best, most = h.role, len(of)
			}
		}
	}
	return best
}

// headerWords is the words of a column's name: parted at marks, at numbers and where small letters
// turn to capitals.
func headerWords(column string) []string {
	var b strings.Builder
	last := ' '
	for _, r := range column {
		if unicode.IsUpper(r) && unicode.IsLower(last) || unicode.IsDigit(r) != unicode.IsDigit(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return strings.Fields(name.Fold(b.String()))
}

func within(of, words []string) bool {
	for i := 0; i+len(of) <= len(words); i++ {
		same := true
		for k, w := range of {
			same = same && words[i+k] == w
		}
		if same {
			return true
		}
	}
	return false
}

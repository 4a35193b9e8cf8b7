package assist

// vocabularies is the published vocabularies that a word of fields.csv or words.csv may stand in. Such a word is nobody's
// own: it is known too where a source that uses it is hidden. What is in none of them is hidden with the one source whose
// headers or value maps have it.
var vocabularies = map[string]string{
	"atlas":          "names of parts of the world, as any atlas has them",
	"census":         "United Nations, Principles and Recommendations for Population and Housing Censuses: its topics, in the languages of the censuses",
	"civil-registry": "United Nations, Principles and Recommendations for a Vital Statistics System",
	"dictionary":     "the one word of a language for year, or for notes",
	"eurostat":       "Eurostat's names of dimensions",
	"foaf":           "FOAF",
	"gdpr":           "Regulation (EU) 2016/679, Article 4",
	"icao-9303":      "ICAO Doc 9303: what stands on every passport, in its state's language",
	"inetorgperson":  "RFC 2798 and RFC 4519",
	"isic":           "International Standard Industrial Classification of All Economic Activities, and the ILO's resolutions on branches and sectors",
	"iso-3166-1":     "ISO 3166-1",
	"iso-3166-2":     "ISO 3166-2: kinds of subdivisions, and names of some",
	"palermo":        "the Palermo Protocol, Article 3",
	"schema.org":     "schema.org, Person and PostalAddress",
	"sdg-dsd":        "the data structure of the indicators of the Sustainable Development Goals",
	"sdmx":           "SDMX, cross-domain concepts and code lists",
	"untoc":          "United Nations Convention against Transnational Organized Crime, and its protocols",
	"vcard":          "RFC 6350",
}

"""Cyrillic to plain Latin letters in SQL, as a user of Splink would do before linking: one table for all
languages, then accents off. It is given to both engines in the runs that are called romanised."""

from __future__ import annotations

# LONG is the letters that become none or several, SHORT those that become one.
LONG = {
    "щ": "sht", "ш": "sh", "ч": "ch", "ц": "ts", "ж": "zh", "х": "h", "ю": "yu", "я": "ya", "є": "ie",
    "љ": "lj", "њ": "nj", "џ": "dz", "ђ": "dj", "ь": "", "đ": "dj", "ß": "ss", "æ": "ae",
}  # fmt: skip
SHORT = (
    "абвгдезийклмнопрстуфъыэіїґѓќћўјёөүңłøəı",
    "abvgdeziiklmnoprstufayeiiggkcujeounloai",
)


def sql(column: str) -> str:
    """The expression that romanises the column."""
    text = f"lower(nfc_normalize(trim({column})))"
    for letter, latin in LONG.items():
        text = f"replace({text}, '{letter}', '{latin}')"
    return f"strip_accents(translate({text}, '{SHORT[0]}', '{SHORT[1]}'))"

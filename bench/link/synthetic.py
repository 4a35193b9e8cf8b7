"""Made-up persons and their records in FEBRL's columns, with the truth, of any number and from a seed.

The names are made of syllables and as uneven as real ones. Half of the persons have one record; the others
have up to six, each with its own errors: letters, digits, missing cells, names swapped, a short form of the
given name, another surname, another address, a year of birth alone.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = (
    "person",
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "date_of_birth",
    "soc_sec_id",
)
SCHEMA = pa.schema([(c, pa.string()) for c in COLUMNS])
CHUNK = 100_000
STATES = ("nsw", "vic", "qld", "wa", "sa", "tas", "act", "nt")
STREETS = ("street", "place", "crescent", "avenue", "close", "road", "circuit", "drive")
ONSETS = ("b", "br", "d", "f", "g", "h", "j", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "v", "z", "")
NUCLEI = ("a", "e", "i", "o", "u", "ai", "ea", "ia")
CODAS = ("", "", "n", "r", "l", "s", "m", "t")
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Person = dict[str, str]


class Words:
    """Made-up words, drawn as unevenly as names are: the k-th is drawn in proportion to 1 / (k + 10)."""

    def __init__(self, r: random.Random, count: int, syllables: tuple[int, ...], tail: tuple[str, ...] = ("",)):
        found: dict[str, None] = {}
        while len(found) < count:
            word = "".join(r.choice(ONSETS) + r.choice(NUCLEI) + r.choice(CODAS) for _ in range(r.choice(syllables)))
            if len(word) > 2:
                found[(word + " " + r.choice(tail)).strip()] = None
        self.words = list(found)
        self.weights = list(accumulate(1 / (k + 10) for k in range(count)))

    def draw(self, r: random.Random) -> str:
        return r.choices(self.words, cum_weights=self.weights)[0]


class Country:
    """What persons are drawn from. It grows with the number of records as a country's names do, slowly."""

    def __init__(self, r: random.Random, rows: int):
        self.given = Words(r, 1_500, (1, 2, 2, 3))
        self.surname = Words(r, min(60_000, 5_000 + rows // 20), (1, 2, 2, 3))
        self.street = Words(r, min(20_000, 2_000 + rows // 50), (2, 3), STREETS)
        self.suburb = Words(r, 3_000, (2, 3))
        self.first = datetime.date(1920, 1, 1)
        self.postcodes = {w: f"{r.randrange(800, 8000):04d}" for w in self.suburb.words}
        self.states = {w: r.choice(STATES) for w in self.suburb.words}

    def person(self, r: random.Random, number: int) -> Person:
        birth = self.first + datetime.timedelta(days=int(31_000 * r.betavariate(2, 1.4)))
        p = {
            "person": str(number),
            "given_name": self.given.draw(r),
            "surname": self.surname.draw(r),
            "date_of_birth": birth.strftime("%Y%m%d"),
            "soc_sec_id": f"{r.randrange(1_000_000, 10_000_000)}",
        }
        self.move(r, p)
        return p

    def move(self, r: random.Random, p: Person) -> None:
        suburb = self.suburb.draw(r)
        p["street_number"] = str(int(r.expovariate(1 / 40)) + 1)
        p["address_1"] = self.street.draw(r)
        p["address_2"] = self.street.draw(r).split()[0] if r.random() < 0.3 else ""
        p["suburb"], p["postcode"], p["state"] = suburb, self.postcodes[suburb], self.states[suburb]


def typo(r: random.Random, word: str, alphabet: str) -> str:
    """One letter wrong, left out, doubled in, or changed with its neighbour."""
    if len(word) < 2:
        return word
    i = r.randrange(len(word) - 1)
    kind = r.randrange(4)
    if kind == 0:
        return word[:i] + r.choice(alphabet) + word[i + 1 :]
    if kind == 1:
        return word[:i] + word[i + 1 :]
    if kind == 2:
        return word[:i] + r.choice(alphabet) + word[i:]
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def spoil(r: random.Random, country: Country, person: Person) -> Person:
    """A further record of the person, with errors."""
    p = dict(person)
    if r.random() < 0.15:
        country.move(r, p)
    if r.random() < 0.04:
        p["surname"] = country.surname.draw(r)
    if r.random() < 0.05:
        p["given_name"] = p["given_name"][:3]
    if r.random() < 0.03:
        p["given_name"], p["surname"] = p["surname"], p["given_name"]
    for column in ("given_name", "surname", "suburb", "address_1"):
        if r.random() < 0.18:
            p[column] = typo(r, p[column], LETTERS)
    for column in ("street_number", "postcode", "soc_sec_id"):
        if r.random() < 0.12:
            p[column] = typo(r, p[column], "0123456789")
    p["date_of_birth"] = spoil_date(r, p["date_of_birth"])
    for column, share in (("given_name", 0.05), ("surname", 0.02), ("soc_sec_id", 0.45), ("date_of_birth", 0.08),
                          ("postcode", 0.05), ("street_number", 0.1), ("address_1", 0.08)):  # fmt: skip
        if r.random() < share:
            p[column] = ""
    return p


def spoil_date(r: random.Random, date: str) -> str:
    draw = r.random()
    if draw < 0.08:
        i = r.randrange(8)
        return date[:i] + str(r.randrange(10)) + date[i + 1 :]
    if draw < 0.11:
        return date[:4] + date[6:] + date[4:6]
    if draw < 0.14:
        return date[:4] + "0101"
    return date


def records(rows: int, seed: int) -> Iterator[Person]:
    r = random.Random(seed)
    country = Country(r, rows)
    written, number = 0, 0
    while written < rows:
        person = country.person(r, number)
        number += 1
        count = r.choices((1, 2, 3, 4, 5, 6), weights=(50, 25, 12, 7, 4, 2))[0]
        for _ in range(min(count, rows - written)):
            yield spoil(r, country, person)
            written += 1


def write(path: Path, rows: int, seed: int) -> None:
    """Write rows records to a Parquet file; the same seed gives the same records."""
    with pq.ParquetWriter(path, SCHEMA) as out:
        chunk: list[Person] = []
        for record in records(rows, seed):
            chunk.append(record)
            if len(chunk) == CHUNK:
                out.write_table(pa.Table.from_pylist(chunk, SCHEMA))
                chunk = []
        if chunk:
            out.write_table(pa.Table.from_pylist(chunk, SCHEMA))
